#include "train/checkpoint.hpp"

#include <algorithm>
#include <charconv>

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

void remove_after(size_t count, const std::vector<std::filesystem::path>& files) {
  for (size_t i = count; i < files.size(); i++) {
    std::error_code ignored;
    std::filesystem::remove(files[i], ignored);
  }
}

int64_t whole_number(const Safetensors& content, const std::string& key, const std::filesystem::path& file) {
  const auto found = content.metadata.find(key);
  int64_t value = -1;
  if (found != content.metadata.end())
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
  if (value < 0) throw Error("'" + file.string() + "' is no checkpoint of a training: it does not say its " + key);
  return value;
}

double real_number(const Safetensors& content, const std::string& key) {
  const auto found = content.metadata.find(key);
  return found == content.metadata.end() ? 0 : std::strtod(found->second.c_str(), nullptr);
}

Checkpoint put(const Safetensors& content, const std::filesystem::path& file, Model& model, State& state) {
  Checkpoint c;
  c.step = whole_number(content, "step", file);
  c.loss_count = whole_number(content, "loss_count", file);
  c.seconds = real_number(content, "seconds");
  c.loss_sum = real_number(content, "loss_sum");
  c.logged_step = content.metadata.contains("logged_step") ? whole_number(content, "logged_step", file) : c.step;
  c.logged_sum = real_number(content, "logged_sum");
  std::map<std::string, Tensor> weights, values;
  for (const auto& [name, value] : content.tensors) {
    if (name.starts_with("model.")) weights[name.substr(6)] = value;
    else if (name.starts_with("state.")) values[name.substr(6)] = value;
  }
  for (const auto& [name, mine] : state.save())  // else it would go on from zeros
    if (!values.contains(name))
      throw Error("'" + file.string() + "' holds no state '" + name +
                  "', which this training has: it was saved from another training");
  model.load(weights, file.string());
  state.restore(values, file.string());
  return c;
}

}  // namespace

void save_checkpoint(const std::filesystem::path& folder, const Checkpoint& c, const Model& model, const State& state) {
  std::map<std::string, Tensor> tensors;
  for (const auto& [name, value] : model.weights()) tensors["model." + name] = value;
  for (const auto& [name, value] : state.save()) tensors["state." + name] = value.cpu();
  char number[32];
  std::snprintf(number, sizeof number, "step-%09lld", static_cast<long long>(c.step));
  const auto exact = [](double value) {  // hexadecimal: read back to the last bit
    char text[64];
    std::snprintf(text, sizeof text, "%a", value);
    return std::string(text);
  };
  const auto file = folder / (std::string(number) + ".safetensors");
  write_safetensors(file, tensors,
                    {{"step", std::to_string(c.step)},
                     {"seconds", exact(c.seconds)},
                     {"loss_sum", exact(c.loss_sum)},
                     {"loss_count", std::to_string(c.loss_count)},
                     {"logged_step", std::to_string(c.logged_step)},
                     {"logged_sum", exact(c.logged_sum)}});
  // What a killed process was writing; the run's lock says that nobody else is.
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().filename().string().find(".safetensors.part-") != std::string::npos) {
      std::error_code ignored;
      std::filesystem::remove(entry.path(), ignored);
    }
  // Files of later steps were passed over as damaged: they do not count, and a later save replaces them.
  auto files = newest_first(folder);
  std::erase_if(files, [&](const auto& other) { return other.filename() > file.filename(); });
  remove_after(kKept, files);
}

void keep_newest_checkpoints(const std::filesystem::path& folder, size_t count) {
  remove_after(count, newest_first(folder));
}

std::optional<Checkpoint> load_checkpoint(const std::filesystem::path& folder, Model& model, State& state,
                                          const std::function<void(const std::string&)>& log) {
  for (const auto& file : newest_first(folder)) {
    Safetensors content;
    try {
      content = read_safetensors(file);
    } catch (const std::exception& e) {
      log(std::string("passing over a checkpoint that cannot be read: ") + e.what());
      continue;
    }
    try {
      return put(content, file, model, state);
    } catch (const Error& e) {
      throw Error(std::string(e.what()) + "; give this run another name, or begin it anew with --fresh", e.status);
    }
  }
  return std::nullopt;
}

}  // namespace basin
