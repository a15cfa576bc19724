#include "train/finished.hpp"

#include "model/choices.hpp"
#include "model/safetensors.hpp"
#include "train/checkpoint.hpp"

namespace basin {

namespace {

std::filesystem::path file_of(const Run& run, const std::string& name) {
  return run.checkpoints() / (name + ".safetensors");
}

}  // namespace

void save_finished(Run& run, const Model& model, const TrainResult& result) {
  auto about = choices_of(model);
  about["step"] = std::to_string(result.steps);
  write_safetensors(file_of(run, "model"), model.weights(), about);
  for (const auto& [name, average] : result.averages) {
    about["average"] = name;
    write_safetensors(file_of(run, name), average->weights(), about);
  }
  run.set_state({{"status", "finished"}, {"step", result.steps}, {"seconds", result.seconds}, {"loss", result.loss}});
  keep_newest_checkpoints(run.checkpoints(), 1);
}

std::optional<TrainResult> load_finished(const Run& run, Model& model, const TrainOptions& options,
                                         const std::function<void(const std::string&)>& log) {
  const nlohmann::json state = run.state();
  if (state.value("status", "") != "finished") return std::nullopt;
  TrainResult result;
  result.steps = state.value("step", int64_t{0});
  result.seconds = state.value("seconds", 0.0);
  const auto loss = state.find("loss");
  result.loss = loss != state.end() && loss->is_number() ? loss->get<double>() : NAN;
  if (result.steps < options.steps)
    throw Error("the training in '" + run.folder().string() + "' finished " + std::to_string(result.steps) +
                " steps and has no checkpoint any more, from which it could go on to " + std::to_string(options.steps) +
                "; --fresh begins it anew");
  std::map<std::string, std::map<std::string, Tensor>> weights;  // all, before anything is changed
  try {
    weights["model"] = read_safetensors(file_of(run, "model")).tensors;
    for (const auto& [name, averager] : options.averages) weights[name] = read_safetensors(file_of(run, name)).tensors;
  } catch (const Error& e) {
    log(std::string("the finished weights cannot be read: ") + e.what());
    return std::nullopt;
  }
  model.load(weights.at("model"), file_of(run, "model").string());
  for (const auto& [name, averager] : options.averages) {
    auto average = model.copy();
    average->load(weights.at(name), file_of(run, name).string());
    average->label = name + (model.label.empty() ? "" : ", " + model.label);
    result.averages[name] = std::move(average);
  }
  return result;
}

}  // namespace basin
