#include "train/again.hpp"

#include <basin/averager.h>

#include <algorithm>
#include <fstream>

#include "model/safetensors.hpp"
#include "train/trainer.hpp"

namespace basin {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

Value value_of(const json& value, const std::string& name) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return value.get<int64_t>();
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array()) return value.get<std::vector<double>>();
  if (value.is_null()) return std::monostate();
  throw Error("the averager's option '" + name + "' is a component, which cannot be made again from the run's record");
}

// What the run says that made the average.
json made_by(const fs::path& run, const std::string& name) {
  std::ifstream file(run / "run.json");
  const json record = json::parse(file, nullptr, false);
  const auto place = json::json_pointer("/identity/asked/averages/" + name);
  if (record.is_discarded() || !record.contains(place))
    throw Error("the run '" + run.string() + "' does not say what the average '" + name + "' was made by");
  return record.at(place);
}

Spec with_changes(const json& made, std::vector<Option> changes) {
  for (const auto& [option, value] : made.at("options").items())
    if (std::none_of(changes.begin(), changes.end(), [&](const Option& o) { return o.name == option; }))
      changes.push_back({option, value_of(value, option), "run.json"});
  return check_options(Registry::instance().find("averager", made.at("component").get<std::string>()),
                       std::move(changes));
}

// The averager's part of the newest checkpoint.
std::map<std::string, Tensor> state_of(const fs::path& run, const std::string& name, std::string& origin) {
  fs::path newest;
  for (const auto& entry : fs::directory_iterator(run / "checkpoints"))
    if (entry.path().filename().string().starts_with("step-") && entry.path().extension() == ".safetensors")
      newest = std::max(newest, entry.path());
  if (newest.empty()) throw Error("the run '" + run.string() + "' has no checkpoint any more, which held the average");
  origin = newest.string();
  const std::string prefix = "state.averages." + name + ".";
  std::map<std::string, Tensor> state;
  for (const auto& [key, value] : read_safetensors(newest).tensors)
    if (key.starts_with(prefix)) state[key.substr(prefix.size())] = value;
  return state;
}

}  // namespace

std::shared_ptr<Model> averaged_again(Model& model, const std::string& name, std::vector<Option> changes) {
  const auto before = model.averages.find(name);
  if (before == model.averages.end() || model.run_folder.empty())
    throw Error("the model has no average '" + name + "' of a training, which alone can be asked again");
  std::string asked, origin;
  for (const Option& o : changes) asked += (asked.empty() ? "" : ", ") + o.name + " = " + to_text(o.value);
  const json made = made_by(model.run_folder, name);
  const Object averager(with_changes(made, std::move(changes)));

  State state(model.device());
  state.restore(state_of(model.run_folder, name, origin), origin);
  std::shared_ptr<Model> copy = model.copy();
  const auto functions = averager.functions<basin_averager_functions>();
  averager.call([&] { return functions.start(averager.self(), &copy->parameters(), &state); });
  const at::NoGradGuard no_grad;
  auto& groups = copy->parameters().groups();
  std::vector<Tensor> averages;
  for (uint32_t i = 0; i < groups.size(); i++) {
    basin_tensor* out = nullptr;
    averager.call([&] { return functions.average(averager.self(), i, &out); });
    averages.push_back(steal(out));
  }
  bool same = true;
  for (size_t i = 0; i < groups.size(); i++) {
    groups[i].values.copy_(averages[i]);
    same = same && groups[i].values.equal(before->second->parameters().groups()[i].values);
  }
  if (same && averager.spec().describe().at("options") != made.at("options"))
    throw Error("the average '" + name + "' is the same with " + asked +
                ": that acts while it is trained, and not on '" + made.at("component").get<std::string>() +
                "' afterwards");
  copy->label = name + (asked.empty() ? "" : ", " + asked);
  return copy;
}

}  // namespace basin
