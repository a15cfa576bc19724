// The interface a metric plugin calls: images, features and losses in; numbers and curves out.
#include "measure/measurement.hpp"

#include <numeric>

#include "abi/border.hpp"
#include "diffusion/step.hpp"
#include "plugin/hash.hpp"

namespace basin {

namespace {

constexpr int64_t kLossBatch = 64;
constexpr const char *kMeasurement = "The measurement", *kPlace = "The place for the tensor", *kName = "The name";

std::vector<int64_t> range(int64_t first, int64_t n) {
  std::vector<int64_t> indices(static_cast<size_t>(n));
  std::iota(indices.begin(), indices.end(), first);
  return indices;
}

const Dataset& reference_of(const basin_measurement* m) {
  if (!m->options->reference)
    throw Error("metric '" + m->options->metric->spec().component->name +
                "' compares with a data set; give one: metric:measure(subject, data)");
  return *m->options->reference;
}

basin_status info(basin_measurement* m, basin_measurement_info* out) {
  return guard([&] {
    const Subject& subject = needed(m, kMeasurement)->options->subject;
    basin_measurement_info i{};
    std::vector<int64_t> shape;
    if (subject.images) {
      i.n_images = subject.images->pixels.size(0);
      shape = subject.images->pixels.sizes().slice(1).vec();
    } else if (subject.data) {
      i.n_images = subject.data->count();
      shape = subject.data->shape();
    } else if (subject.model) {
      shape = subject.model->sample_shape();
    }
    std::vector<int64_t> theirs;
    if (m->options->reference) {
      i.n_reference = m->options->reference->count();
      i.gaussian_variance = m->options->reference->gaussian_variance();
      theirs = m->options->reference->shape();
    } else if (m->options->reference_images) {
      i.n_reference = m->options->reference_images->pixels.size(0);
      theirs = m->options->reference_images->pixels.sizes().slice(1).vec();
    }
    if (!theirs.empty()) {
      if (!shape.empty() && theirs != shape)
        throw Error("what is measured has shape " + (std::stringstream() << c10::IntArrayRef(shape)).str() + ", the " +
                    (m->options->reference ? "data set's items have " : "images that it is compared with have ") +
                    (std::stringstream() << c10::IntArrayRef(theirs)).str());
      shape = theirs;
    }
    if (shape.size() == 3) i.channels = shape[0], i.height = shape[1], i.width = shape[2];
    if (subject.model) {
      i.process = &m->process;
      i.denoiser = &m->denoiser;
      i.parameters = &subject.model->parameters();
      i.target = subject.model->target();
    }
    i.context = m->context->get();
    give(out, i, "The place for the measurement's description");
  });
}

basin_status images(basin_measurement* m, int32_t side, int64_t first, int64_t n, basin_tensor** out) {
  return guard([&] {
    const Subject& subject = needed(m, kMeasurement)->options->subject;
    needed(out, kPlace);
    const auto& others = m->options->reference_images;
    if (side == BASIN_REFERENCE && others) *out = own(images_from_uint8(others->pixels.slice(0, first, first + n)));
    else if (side == BASIN_REFERENCE) *out = own(reference_of(m).images(range(first, n)));
    else if (subject.images) *out = own(images_from_uint8(subject.images->pixels.slice(0, first, first + n)));
    else if (subject.data) *out = own(subject.data->images(range(first, n)));
    else
      throw Error("metric '" + m->options->metric->spec().component->name +
                  "' measures images; sample some first: metric:measure(run:sample { ... }, data)");
  });
}

Model& extractor_of(basin_object* object) {
  auto* model = dynamic_cast<Model*>(object);
  if (!model) throw Error("the feature extractor is not a model");
  return *model;
}

// "inception_v3 { layer = pool, resize = clean }, weights 0123456789ab". Where its files lie is not part of it.
std::string identity(const Model& model) {
  std::string text;
  for (const basin_parameter* option : model.spec().component->parameters)
    if (option->type != BASIN_TYPE_FILE)
      text += (text.empty() ? " { " : ", ") + std::string(option->name) + " = " + to_text(model.spec()[option->name]);
  Sha256 sum;
  for (const auto& [name, value] : model.weights()) {
    sum.update(name.data(), name.size());
    sum.update(value.data_ptr(), value.nbytes());
  }
  return model.spec().component->name + text + (text.empty() ? "" : " }") + ", weights " + sum.hex().substr(0, 12);
}

const std::string& noted(basin_measurement* m, const Model& model) {
  auto& text = m->extractors[&model];
  if (text.empty()) {
    text = identity(model);
    m->result["protocol"]["features"] = text;
  }
  return text;
}

basin_status extractor(basin_measurement* m, basin_object* object, const char** out) {
  return guard([&] {
    needed(m, kMeasurement), needed(out, "The place for the text");
    *out = noted(m, extractor_of(object)).c_str();
  });
}

basin_status features(basin_measurement* m, basin_object* object, basin_tensor* handle, basin_tensor** out) {
  return guard([&] {
    at::NoGradGuard no_grad;
    needed(m, kMeasurement), needed(out, kPlace);
    Model* const model = &extractor_of(object);
    noted(m, *model);
    const Borrowed images = in(handle, "The images");
    Context context(m->options->seed, 0, range(0, images->size(0)));
    // The extractor says which range it wants; images come in [-1, 1].
    const double low = model->input_minimum(), high = model->input_maximum();
    Tensor x = images.get();
    if (low != -1 || high != 1) x = (x + 1) * ((high - low) / 2) + low;
    const auto outputs = model->forward(context, {x.to(model->device())});
    for (size_t i = 0; i < outputs.size(); i++)
      if (model->outputs()[i].name == "features") {
        *out = own(outputs[i].flatten(1).to(at::kFloat));
        return;
      }
    throw Error("model '" + model->spec().component->name +
                "' has no output named 'features'; expected a feature extractor");
  });
}

// The loss of reference items at given levels. Noise is drawn by (seed, item, draw), never by batch or call order.
basin_status losses(basin_measurement* m, const int64_t* ids, const double* levels, uint32_t n, uint64_t draw_number,
                    basin_tensor** out) {
  return guard([&] {
    at::NoGradGuard no_grad;
    needed(m, kMeasurement), needed(ids, "The list of items"), needed(out, kPlace);
    const auto& model = m->options->subject.model;
    if (!model) throw Error("metric '" + m->options->metric->spec().component->name + "' measures a model, not images");
    const Dataset& data = reference_of(m);
    const Process& process = *m->options->process;
    const uint64_t seed = m->options->seed;
    const auto device = model->device();
    const Loss loss = find_loss("simple");
    std::vector<Tensor> parts;
    for (int64_t first = 0; first < n; first += kLossBatch) {
      const int64_t size = std::min<int64_t>(kLossBatch, n - first);
      const std::span<const int64_t> chunk(ids + first, static_cast<size_t>(size));
      Tensor labels;
      const Tensor x0 = data.images(chunk, &labels).to(device);
      Tensor t;
      if (levels) {
        t = at::tensor(at::ArrayRef<double>(levels + first, static_cast<size_t>(size)), at::kDouble)
                .round()
                .to(at::kLong);
      } else {
        const auto stream = stream_of(seed, BASIN_PURPOSE_MEASURE, draw_number, 1);
        t = (draw(stream, BASIN_UNIFORM, chunk, {1}).flatten().to(at::kDouble) * process.steps()).floor().to(at::kLong);
      }
      const auto stream = stream_of(seed, BASIN_PURPOSE_MEASURE, draw_number, 0);
      const Tensor noise = draw(stream, BASIN_NORMAL, chunk, x0.sizes().slice(1), device);
      Context context(seed, draw_number, {chunk.begin(), chunk.end()});
      const Denoise denoise = denoise_with(*model, context, labels.to(device));
      parts.push_back(
          loss(denoise, {process, x0, noise, t.to(device), {}, 0, prediction_target(*model)}).per_sample.cpu());
    }
    *out = own(at::cat(parts));
  });
}

nlohmann::json number(double value) { return std::isnan(value) ? nlohmann::json() : nlohmann::json(value); }

basin_status scalar(basin_measurement* m, const char* name, double value, double low, double high) {
  return guard([&] {
    needed(m, kMeasurement), needed(name, kName);
    m->result["scalars"].push_back(
        {{"name", name}, {"value", number(value)}, {"low", number(low)}, {"high", number(high)}});
  });
}

basin_status curve(basin_measurement* m, const char* name, const char* x_label, const double* x, const double* y,
                   const double* low, const double* high, uint32_t n) {
  return guard([&] {
    needed(m, kMeasurement), needed(name, kName), needed(x_label, kName);
    if (n) needed(x, "The curve's x"), needed(y, "The curve's y");
    nlohmann::json c = {{"name", name}, {"x_label", x_label}};
    c["x"] = std::vector<double>(x, x + n);
    c["y"] = std::vector<double>(y, y + n);
    if (low && high) {
      c["low"] = std::vector<double>(low, low + n);
      c["high"] = std::vector<double>(high, high + n);
    }
    m->result["curves"].push_back(std::move(c));
  });
}

basin_status protocol(basin_measurement* m, const char* key, const char* value) {
  return guard(
      [&] { needed(m, kMeasurement)->result["protocol"][needed(key, kName)] = needed(value, "The protocol's text"); });
}

const basin_measurement_interface kInterface = {sizeof kInterface, info,     images, features, losses, scalar, curve,
                                                protocol,          extractor};

}  // namespace

void add_measurement_interface() { add_interface(BASIN_MEASUREMENT_INTERFACE, &kInterface); }

}  // namespace basin
