#include "model/choices.hpp"

namespace basin {

std::map<std::string, std::string> choices_of(const Model& model) {
  std::map<std::string, std::string> all{{"component", model.spec().component->name}};
  for (const basin_parameter* p : model.spec().component->parameters)
    if (p->type == BASIN_TYPE_CHOICE)
      all["choice." + std::string(p->name)] = std::get<std::string>(model.spec()[p->name]);
  return all;
}

std::vector<std::string> check_choices(const Model& model, const std::map<std::string, std::string>& metadata,
                                       const std::string& origin) {
  std::vector<std::string> unsaid;
  for (const auto& [key, value] : choices_of(model)) {
    if (key == "component") continue;
    const std::string option = key.substr(std::string("choice.").size());
    const auto found = metadata.find(key);
    if (found == metadata.end()) unsaid.push_back(option);
    else if (found->second != value)
      throw Error("'" + origin + "' holds weights for " + option + " = \"" + found->second +
                  "\", and the model was made with " + option + " = \"" + value +
                  "\": names and shapes are the same, and the results would be wrong; make the model with " + option +
                  " = \"" + found->second + "\"");
  }
  return unsaid;
}

}  // namespace basin
