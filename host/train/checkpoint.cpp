#include "train/checkpoint.hpp"

#include <algorithm>

#include "model/safetensors.hpp"

namespace basin {

namespace {

constexpr size_t kKept = 2;

std::vector<std::filesystem::path> newest_first(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("step-") && name.ends_with(".safetensors")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end(), std::greater<>());
  return files;
}

}  // namespace

void save_checkpoint(const std::filesystem::path& folder, const Checkpoint& c, const Model& model, const State& state) {
  std::map<std::string, Tensor> tensors;
  for (const auto& [name, value] : model.weights()) tensors["model." + name] = value;
  for (const auto& [name, value] : state.save()) tensors["state." + name] = value.cpu();
  char number[32];
  std::snprintf(number, sizeof number, "step-%09lld", static_cast<long long>(c.step));
  char seconds[64], sum[64];  // hexadecimal: read back to the last bit
  std::snprintf(seconds, sizeof seconds, "%a", c.seconds);
  std::snprintf(sum, sizeof sum, "%a", c.loss_sum);
  write_safetensors(folder / (std::string(number) + ".safetensors"), tensors,
                    {{"step", std::to_string(c.step)},
                     {"seconds", seconds},
                     {"loss_sum", sum},
                     {"loss_count", std::to_string(c.loss_count)}});
  // What a killed process was writing; the run's lock says that nobody else is.
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().filename().string().find(".safetensors.part-") != std::string::npos) {
      std::error_code ignored;
      std::filesystem::remove(entry.path(), ignored);
    }
  const auto files = newest_first(folder);
  for (size_t i = kKept; i < files.size(); i++) {
    std::error_code ignored;
    std::filesystem::remove(files[i], ignored);
  }
}

std::optional<Checkpoint> load_checkpoint(const std::filesystem::path& folder, Model& model, State& state,
                                          const std::function<void(const std::string&)>& log) {
  for (const auto& file : newest_first(folder)) {
    try {
      const auto content = read_safetensors(file);
      std::map<std::string, Tensor> weights, values;
      for (const auto& [name, value] : content.tensors) {
        if (name.starts_with("model.")) weights[name.substr(6)] = value;
        else if (name.starts_with("state.")) values[name.substr(6)] = value;
      }
      Checkpoint c;
      c.step = std::stoll(content.metadata.at("step"));
      c.seconds = std::strtod(content.metadata.at("seconds").c_str(), nullptr);
      c.loss_sum = std::strtod(content.metadata.at("loss_sum").c_str(), nullptr);
      c.loss_count = std::stoll(content.metadata.at("loss_count"));
      model.load(weights, file.string());
      state.restore(values);
      return c;
    } catch (const std::exception& e) {
      log(std::string("passing over a checkpoint that cannot be read: ") + e.what());
    }
  }
  return std::nullopt;
}

}  // namespace basin
