// The interface a metric plugin calls: images, features and losses in; numbers, curves and grids out.
#include "measure/measurement.hpp"

#include <algorithm>
#include <numeric>

#include "abi/border.hpp"
#include "diffusion/step.hpp"
#include "measure/losses.hpp"
#include "measure/reference_features.hpp"
#include "plugin/hash.hpp"

namespace basin {

namespace {

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
      const auto fits = [](int64_t a, int64_t b) { return a < 0 || a == b; };  // -1: the model takes any size
      if (!shape.empty() && !std::ranges::equal(shape, theirs, fits))
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

const Tensor& serve(basin_measurement* m, int64_t first, int64_t n) {
  m->served = {reference_of(m).images(range(first, n)), first};
  m->served.version = m->served.images._version();
  return m->served.images;
}

basin_status images(basin_measurement* m, int32_t side, int64_t first, int64_t n, basin_tensor** out) {
  return guard([&] {
    const Subject& subject = needed(m, kMeasurement)->options->subject;
    needed(out, kPlace);
    const auto& others = m->options->reference_images;
    if (side == BASIN_REFERENCE && others) *out = own(images_from_uint8(others->pixels.slice(0, first, first + n)));
    else if (side == BASIN_REFERENCE) *out = own(serve(m, first, n));
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

// "inception_v3 { layer = pool, resize = clean }", with all options or those that someone gave. Where its files lie is no
// part of it.
std::string called(const Model& model, bool all_options) {
  std::string text;
  const Spec& spec = model.spec();
  for (size_t i = 0; i < spec.options.size(); i++)
    if (const Option& option = spec.options[i];
        spec.component->parameters[i]->type != BASIN_TYPE_FILE && (all_options || option.origin != "default"))
      text += (text.empty() ? " { " : ", ") + option.name + " = " + to_text(option.value);
  return spec.component->name + text + (text.empty() ? "" : " }");
}

// "inception_v3 { layer = pool, resize = clean }, weights 0123456789ab".
std::string identity(const Model& model) {
  Sha256 sum;
  for (const auto& [name, value] : model.weights()) {
    sum.update(name.data(), name.size());
    sum.update(value.data_ptr(), value.nbytes());
  }
  return called(model, true) + ", weights " + sum.hex().substr(0, 12);
}

const std::string& noted(basin_measurement* m, const Model& model) {
  auto& text = m->extractors[&model];
  if (text.empty()) {
    text = identity(model);
    m->result["protocol"]["features"] = text;
    const bool untrained = model.initial && !model.weights().empty();
    m->result["protocol"]["extractor"] = called(model, false) + (untrained ? ", untrained" : "");
  }
  return text;
}

basin_status extractor(basin_measurement* m, basin_object* object, const char** out) {
  return guard([&] {
    needed(m, kMeasurement), needed(out, "The place for the text");
    *out = noted(m, extractor_of(object)).c_str();
  });
}

Tensor features_of(Model& model, Tensor images, uint64_t seed) {
  Context context(seed, 0, range(0, images.size(0)));
  // The extractor says which range it wants; images come in [-1, 1].
  const double low = model.input_minimum(), high = model.input_maximum();
  if (low != -1 || high != 1) images = (images + 1) * ((high - low) / 2) + low;
  const auto outputs = model.forward(context, {images.to(model.device())});
  for (size_t i = 0; i < outputs.size(); i++)
    if (model.outputs()[i].name == "features") return outputs[i].flatten(1).to(at::kFloat);
  throw Error("model '" + model.spec().component->name +
              "' has no output named 'features'; expected a feature extractor");
}

basin_status features(basin_measurement* m, basin_object* object, basin_tensor* handle, basin_tensor** out) {
  return guard([&] {
    static ReferenceFeatures kept;
    at::NoGradGuard no_grad;
    needed(m, kMeasurement), needed(out, kPlace);
    Model& model = extractor_of(object);
    const std::string& extractor = noted(m, model);
    const Borrowed images = in(handle, "The images");
    const Served& last = m->served;
    if (!images->is_same(last.images) || images->_version() != last.version || !model.attached.empty()) {
      *out = own(features_of(model, images.get(), m->options->seed));
      return;
    }
    const Plugin* plugin = model.spec().component->plugin;  // a rebuilt one may give others
    const ReferenceFeatures::Key key{m->options->reference,
                                     extractor + (plugin ? plugin->sha256 : "") + model.device().str() +
                                         (model.precision() == Precision::bf16 ? "bf16" : "fp32"),
                                     last.first, images->size(0)};
    auto found = kept.find(key);
    if (!found) kept.keep(key, *(found = features_of(model, images.get(), m->options->seed)));
    *out = own(*found);
  });
}

LossItems items_of(basin_measurement* m, const int64_t* ids, const double* levels, uint32_t n, uint64_t draw) {
  const auto& model = needed(m, kMeasurement)->options->subject.model;
  needed(ids, "The list of items");
  if (!model) throw Error("metric '" + m->options->metric->spec().component->name + "' measures a model, not images");
  return {*model, reference_of(m), *m->options->process, m->options->seed, draw, {ids, n}, levels};
}

basin_status losses(basin_measurement* m, const int64_t* ids, const double* levels, uint32_t n, uint64_t draw,
                    basin_tensor** out) {
  return guard([&] {
    needed(out, kPlace);
    *out = own(losses_of(items_of(m, ids, levels, n, draw)));
  });
}

// One tensor for each group of parameters.
void give_groups(std::vector<Tensor> found, basin_tensor** out) {
  for (size_t i = 0; i < found.size(); i++) out[i] = own(std::move(found[i]));
}
void check_groups(const LossItems& items, basin_tensor* const* list, uint32_t n) {
  needed(list, "The list of tensors");
  if (const size_t groups = items.model.parameters().groups().size(); n != groups)
    throw Error("the model has " + std::to_string(groups) + " groups of parameters, and " + std::to_string(n) +
                " tensors were named");
}

basin_status gradient(basin_measurement* m, const int64_t* ids, const double* levels, uint32_t n, uint64_t draw,
                      basin_tensor** out, uint32_t n_out) {
  return guard([&] {
    const LossItems items = items_of(m, ids, levels, n, draw);
    check_groups(items, out, n_out);
    give_groups(gradient_of(items), out);
  });
}

basin_status hessian_vector_product(basin_measurement* m, const int64_t* ids, const double* levels, uint32_t n,
                                    uint64_t draw, basin_tensor* const* direction, uint32_t n_direction,
                                    basin_tensor** out, uint32_t n_out) {
  return guard([&] {
    const LossItems items = items_of(m, ids, levels, n, draw);
    check_groups(items, direction, n_direction);
    check_groups(items, out, n_out);
    give_groups(hessian_vector_product_of(items, share_all(direction, n_direction)), out);
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

basin_status grid(basin_measurement* m, const char* name, const char* x_label, const double* x, uint32_t n_x,
                  const char* y_label, const double* y, uint32_t n_y, const double* z, const double* low,
                  const double* high) {
  return guard([&] {
    needed(m, kMeasurement), needed(name, kName), needed(x_label, kName), needed(y_label, kName);
    needed(x, "The grid's x"), needed(y, "The grid's y"), needed(z, "The grid's z");
    nlohmann::json g = {{"name", name}, {"x_label", x_label}, {"y_label", y_label}};
    g["x"] = std::vector<double>(x, x + n_x);
    g["y"] = std::vector<double>(y, y + n_y);
    const auto rows = [&](const double* values) {
      auto all = nlohmann::json::array();
      for (uint32_t row = 0; row < n_y; row++)
        all.push_back(std::vector<double>(values + size_t{row} * n_x, values + size_t{row + 1} * n_x));
      return all;
    };
    g["z"] = rows(z);
    if (low && high) g["low"] = rows(low), g["high"] = rows(high);
    m->result["grids"].push_back(std::move(g));
  });
}

basin_status protocol(basin_measurement* m, const char* key, const char* value) {
  return guard(
      [&] { needed(m, kMeasurement)->result["protocol"][needed(key, kName)] = needed(value, "The protocol's text"); });
}

const basin_measurement_interface kInterface = {
    sizeof kInterface,      info,     images, features, losses, scalar, curve, protocol, grid, gradient,
    hessian_vector_product, extractor};

}  // namespace

void add_measurement_interface() { add_interface(BASIN_MEASUREMENT_INTERFACE, &kInterface); }

}  // namespace basin
