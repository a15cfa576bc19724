#include "measure/metric.hpp"

#include <algorithm>
#include <string_view>

#include "measure/measurement.hpp"

namespace basin {

namespace {

// Puts a model's parameters back when the measurement ends, however it ends.
class Restore {
 public:
  explicit Restore(Model* model) : model_(model) {
    if (!model_) return;
    version_ = model_->parameters().version();
    for (const auto& group : model_->parameters().groups()) values_.push_back(group.values.clone());
  }
  ~Restore() {
    if (!model_ || model_->parameters().version() == version_) return;
    at::NoGradGuard no_grad;
    auto& groups = model_->parameters().groups();
    for (size_t i = 0; i < groups.size(); i++) groups[i].values.copy_(values_[i]);
  }
  Restore(const Restore&) = delete;
  Restore& operator=(const Restore&) = delete;

 private:
  Model* model_;
  uint64_t version_ = 0;
  std::vector<Tensor> values_;
};

// A metric that looks at features is one of images, unless it makes some of the model itself.
bool takes_extractor(const Object& metric) {
  const auto& parameters = metric.spec().component->parameters;
  return std::ranges::any_of(parameters, [](const basin_parameter* p) {
    return p->type == BASIN_TYPE_COMPONENT && p->choices && p->choices[0] && std::string_view(p->choices[0]) == "model";
  });
}
Error images_wanted(const Object& metric) {
  return Error("metric '" + metric.spec().component->name +
               "' measures images, and a model was given; run:sample makes some of it: metric:measure(run:sample { "
               "model = model, ... }, data)");
}

void check_model(const MeasureOptions& options) {
  if (!options.subject.model || options.process) return;
  if (takes_extractor(*options.metric)) throw images_wanted(*options.metric);
  if (options.subject.model->target() == BASIN_TARGET_NONE)
    throw Error("model '" + options.subject.model->spec().component->name +
                "' is a feature extractor and has no training loss to measure; give a model that predicts epsilon, x0, "
                "v or the score");
  throw Error(
      "the model has not been trained on a process yet; give one: metric:measure(model, data, { process = ... })");
}

}  // namespace

nlohmann::json measure(const MeasureOptions& options) {
  const auto& subject = options.subject;
  check_model(options);
  basin_measurement m;
  m.options = &options;
  m.process = {options.process};
  m.denoiser = {subject.model, &m.process, {}, options.reference};
  m.context = std::make_unique<Context>(options.seed, 0, std::vector<int64_t>{});
  const std::string& name = options.metric->spec().component->name;
  m.result = {{"metric", name},
              {"label", subject.images  ? subject.images->label
                        : subject.model ? subject.model->label
                                        : ""},
              {"scalars", nlohmann::json::array()},
              {"curves", nlohmann::json::array()},
              {"grids", nlohmann::json::array()},
              {"protocol", nlohmann::json::object()}};

  const auto start = std::chrono::steady_clock::now();
  {
    Restore restore(subject.model.get());
    at::NoGradGuard no_grad;
    try {
      options.metric->call(
          [&] { return options.metric->functions<basin_metric_functions>().measure(options.metric->self(), &m); },
          "measure");
    } catch (const Error& e) {
      if (e.status != BASIN_ERROR_INTERRUPTED) {
        if (subject.model && takes_extractor(*options.metric) && m.extractors.empty())
          throw images_wanted(*options.metric);
        throw;
      }
      throw Error("stopped while measuring " + name + "; the same command begins this measurement again", e.status);
    }
  }
  m.result["seconds"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (m.result["scalars"].empty() && m.result["curves"].empty() && m.result["grids"].empty())
    throw Error("metric '" + name + "' gave no number, no curve and no grid", BASIN_ERROR_ABI);

  auto& protocol = m.result["protocol"];
  protocol["seed"] = std::to_string(options.seed);
  protocol["metric"] = options.metric->describe();
  if (subject.images) protocol["images"] = subject.images->protocol;
  if (subject.model) protocol["model"] = subject.model->describe();
  if (subject.data) protocol["images"] = subject.data->reference();
  if (options.reference) protocol["reference"] = options.reference->reference();
  if (options.reference_images) protocol["reference"] = options.reference_images->protocol;
  if (options.process) protocol["process"] = options.process->describe();
  return m.result;
}

}  // namespace basin
