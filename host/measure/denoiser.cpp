#include "measure/denoiser.hpp"

#include <algorithm>

#include "abi/border.hpp"
#include "abi/log.hpp"
#include "diffusion/target.hpp"

namespace basin {

namespace {

Target target_of(const Model& model) {
  switch (model.target()) {
    case BASIN_TARGET_EPSILON: return Target::epsilon;
    case BASIN_TARGET_X0: return Target::x0;
    case BASIN_TARGET_V: return Target::v;
    case BASIN_TARGET_SCORE: return Target::score;
  }
  throw Error(
      "model '" + model.spec().component->name +
      "' predicts nothing that a process could use (it is a feature extractor); give a model with a time input");
}

}  // namespace

Target prediction_target(const Model& model) { return target_of(model); }

ModelOutput run_model(Model& model, Context& context, const Tensor& x, const Tensor& t, const Tensor& labels) {
  std::vector<Tensor> inputs;
  for (const Port& port : model.inputs()) {
    if (port.name == "x") inputs.push_back(x);
    else if (port.name == "t") inputs.push_back(t.to(at::kFloat));
    else if (port.name == "label" && labels.defined()) inputs.push_back(labels);
    else if (port.optional) inputs.emplace_back();
    else
      throw Error("model '" + model.spec().component->name + "' needs an input '" + port.name +
                  "' that is not here; a class-conditional model needs a data set with labels");
  }
  const std::vector<Tensor> outputs = model.forward(context, inputs);
  ModelOutput result;
  for (size_t i = 0; i < outputs.size(); i++) {
    if (model.outputs()[i].name == "prediction") result.prediction = outputs[i];
    if (model.outputs()[i].name == "variance") result.variance = outputs[i];
  }
  if (!result.prediction.defined())
    throw Error("model '" + model.spec().component->name + "' has no output named 'prediction'");
  return result;
}

Denoise denoise_with(Model& model, Context& context, const Tensor& labels) {
  return
      [&model, &context, labels](const Tensor& x, const Tensor& t) { return run_model(model, context, x, t, labels); };
}

namespace {

basin_status process_info(const basin_process* p, basin_process_info* out) {
  return guard([&] {
    const Process& process = *needed(p, "The process")->process;
    give(out,
         {0, process.kind().c_str(), process.steps(), process.alpha_bar().values().data(),
          process.alpha().values().data(), process.sigma().values().data()},
         "The place for the process's description");
  });
}

basin_status process_respace(const basin_process* p, const char* spacing, int64_t count, int64_t* out) {
  return guard([&] {
    const Process& process = *needed(p, "The process")->process;
    const std::string way = needed(spacing, "The spacing");
    needed(out, "The place for the levels");
    if (way == "even") std::ranges::copy(respace(process.steps(), std::to_string(count)), out);
    else if (way == "stride") std::ranges::copy(respace_by_stride(process.steps(), count), out);
    else throw Error("unknown spacing '" + way + "'; expected 'even' or 'stride'");
  });
}

// What a model conditioned on classes is given where its caller has no labels: those of the reference's items.
Tensor labels_of(const basin_denoiser& denoiser, const std::vector<int64_t>& ids, int64_t batch) {
  const auto& ports = denoiser.model->inputs();
  const auto port = std::ranges::find_if(ports, [](const Port& p) { return p.name == "label"; });
  if (port == ports.end()) return {};
  const std::string who = "model '" + denoiser.model->spec().component->name + "' is conditioned on classes";
  const Dataset* data = denoiser.labelled.get();
  if (!data || data->classes() == 0) {
    if (port->optional) return {};
    throw Error(who + "; measure it against a data set with labels" +
                (data ? ", which '" + data->spec().component->name + "' has not" : ""));
  }
  const auto outside = [&](int64_t id) { return id < 0 || id >= data->count(); };
  if (static_cast<int64_t>(ids.size()) != batch || std::ranges::any_of(ids, outside))
    throw Error(who + ": the context's sample ids must name one item of the data set, 0 to " +
                std::to_string(data->count() - 1) + ", for each of the " + std::to_string(batch) + " images");
  Tensor labels;
  data->read(ids, &labels);
  if ((labels < 0).any().item<bool>()) throw Error(who + ", and an item of the data set has no label");
  return labels;
}

// A plugin's callback in the place of the model: held to what the host's own denoiser gives.
void denoise_through(const basin_denoise& through, const basin_context* context, basin_tensor* x, const double* t,
                     uint32_t n, basin_denoised* out) {
  basin_denoised given{};
  given.size = sizeof given;
  check(through.run(through.user, context, x, t, n, &given));
  const Tensor epsilon = steal(given.epsilon), x0 = steal(given.x0), variance = steal(given.variance);
  const auto sizes = share(x).sizes();
  for (const Tensor* part : {&epsilon, &x0})
    if (!part->defined() || part->sizes() != sizes)
      throw Error("a denoiser in a callback gave no epsilon or no x0 of the noisy images' shape", BASIN_ERROR_ABI);
  basin_denoised result{};
  give_tensor(out, result, &basin_denoised::epsilon, epsilon);
  give_tensor(out, result, &basin_denoised::x0, x0);
  if (variance.defined()) give_tensor(out, result, &basin_denoised::variance, variance);
  give(out, result, "The place for what is denoised");
}

basin_status process_denoise(basin_denoiser* denoiser, const basin_context* context, basin_tensor* x_handle,
                             const double* t, uint32_t n, basin_denoised* out) {
  return guard([&] {
    if (interrupted()) throw Error("interrupted", BASIN_ERROR_INTERRUPTED);  // between two steps of a sampler
    needed(denoiser, "The denoiser"), needed(context, "The context"), needed(out, "The place for what is denoised");
    if (denoiser->through) return denoise_through(*denoiser->through, context, x_handle, t, n, out);
    Model& model = *denoiser->model;
    const Process& process = *denoiser->process->process;
    const Borrowed x = in(x_handle, "The noisy image");
    const int64_t batch = x->size(0);
    needed(t, "The list of noise levels");
    if (n != 1 && n != batch)
      throw Error(std::to_string(n) + " noise levels for " + std::to_string(batch) +
                  " images: give one, or one for each");
    // A context of its own: the host's part of the caller's may be that of another model's precision.
    const std::vector<int64_t> ids(context->sample_ids, context->sample_ids + context->n_samples);
    Context own_context(context->seed, context->step, ids, context->training);
    if (const Context* outer = Context::of(context)) own_context.on_tap = outer->on_tap;
    std::vector<double> alphas, sigmas;
    for (uint32_t i = 0; i < n; ++i) {
      const double last = static_cast<double>(process.steps() - 1);
      if (!(t[i] > -0.5 && t[i] < last + 0.5))
        throw Error("noise level " + std::to_string(t[i]) + " is outside 0.." + std::to_string(process.steps() - 1));
      const int64_t level = std::llround(t[i]);
      alphas.push_back(process.alpha(level)), sigmas.push_back(process.sigma(level));
    }
    Tensor labels = denoiser->labels.defined() ? denoiser->labels : labels_of(*denoiser, ids, batch);
    if (labels.defined()) labels = labels.to(x->device());
    const std::vector<int64_t> shape = n == 1 ? std::vector<int64_t>{} : std::vector<int64_t>{batch, 1, 1, 1};
    const auto given = [&](const double* values) {  // a number where the level is the same for the whole batch
      return at::tensor(at::ArrayRef<double>(values, n), at::kDouble).to(x->options()).reshape(shape);
    };
    const Tensor times = given(t).flatten().expand({batch}).contiguous();
    const ModelOutput output = run_model(model, own_context, x.get(), times, labels);
    const Target target = target_of(model);
    const Tensor prediction = output.prediction.to(at::kFloat);
    const Tensor alpha = given(alphas.data()), sigma = given(sigmas.data());
    const Tensor epsilon = epsilon_from(target, prediction, x.get(), alpha, sigma);
    const Tensor x0 = x0_from(target, prediction, x.get(), alpha, sigma);
    basin_denoised result{};
    give_tensor(out, result, &basin_denoised::epsilon, epsilon);
    give_tensor(out, result, &basin_denoised::x0, x0);
    if (output.variance.defined()) give_tensor(out, result, &basin_denoised::variance, output.variance.to(at::kFloat));
    give(out, result, "The place for what is denoised");
  });
}

const basin_process_interface kProcessInterface = {sizeof(basin_process_interface), process_info, process_respace,
                                                   process_denoise};
}  // namespace

void add_process_interface() { add_interface(BASIN_PROCESS_INTERFACE, &kProcessInterface); }

}  // namespace basin
