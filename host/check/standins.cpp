// Written against the same contracts as a plugin's, but inside the host, and so not behind gates.
#include "check/standins.hpp"

#include <basin/dataset.h>
#include <basin/model.h>
#include <basin/optimizer.h>

#include "abi/context.hpp"
#include "abi/layers.hpp"
#include "check/gates.hpp"
#include "check/test.hpp"
#include "measure/denoiser.hpp"

namespace basin::checking {
namespace {

const Plugin& plugin() {
  static const auto* one = [] {
    auto* p = new Plugin;
    p->file = p->name = "basin-check", p->version = "1";
    return p;
  }();
  return *one;
}

// The component of a kind out of its functions; for the length of the process.
template <class Functions>
const Component& component(const char* kind, const char* interface, const char* name, const Functions& functions) {
  auto* table =
      new basin_component{sizeof(basin_component), interface, name, "The check's own.", nullptr, 0, &functions};
  return *new Component{&plugin(), kind, name, "The check's own.", table, {}};
}

template <class T>
basin_status make(const basin_options*, void** self) {
  *self = new T;
  return BASIN_OK;
}
template <class T>
void unmake(void* self) {
  delete static_cast<T*>(self);
}

// --- an optimizer ---
struct Descent {
  basin_parameters* parameters = nullptr;
  static basin_status start(void* self, basin_parameters* parameters, basin_state*) {
    static_cast<Descent*>(self)->parameters = parameters;
    return BASIN_OK;
  }
  static basin_status step(void* self, const basin_context*, const basin_closure* closure, basin_closure_result* out) {
    if (const basin_status status = closure->run(closure->user, nullptr, out); status != BASIN_OK) return status;
    return guard([&] {
      const at::NoGradGuard no_grad;
      for (auto& group : static_cast<Descent*>(self)->parameters->groups())
        group.values.sub_(group.gradients * (0.05 * group.rate));
    });
  }
};
constexpr basin_optimizer_functions kDescent = {sizeof kDescent, make<Descent>, unmake<Descent>, Descent::start,
                                                Descent::step};

// --- models ---
constexpr basin_port port(const char* name, uint32_t n_dims, int64_t first, int64_t side) {
  basin_port p{};
  p.size = sizeof p, p.name = name, p.dtype = BASIN_FLOAT32, p.n_dims = n_dims;
  p.sizes[0] = first, p.sizes[1] = p.sizes[2] = side;
  return p;
}
constexpr basin_port kX = port("x", 3, 3, 8), kT = port("t", 0, 0, 0), kPrediction = port("prediction", 3, 3, 8),
                     kAnyX = port("x", 3, 3, -1), kFeatures = port("features", 1, 8, 0);
constexpr const basin_port* kDenoiserInputs[] = {&kX, &kT};
constexpr const basin_port* kDenoiserOutputs[] = {&kPrediction};
constexpr const basin_port* kExtractorInputs[] = {&kAnyX};
constexpr const basin_port* kExtractorOutputs[] = {&kFeatures};

basin_status describe_denoiser(void*, basin_model_description* out) {
  out->target = BASIN_TARGET_EPSILON;
  out->inputs = kDenoiserInputs, out->n_inputs = 2, out->outputs = kDenoiserOutputs, out->n_outputs = 1;
  return BASIN_OK;
}

std::shared_ptr<const Process> process_of_gaussian;  // of the one under construction

struct Gaussian {
  std::shared_ptr<const Process> process = process_of_gaussian;
  Tensor scale;  // [1] of 1: something to perturb; squared, so that the curvature is another elsewhere
  static basin_status build(void* self, basin_builder* builder) {
    return guard([&] {
      static_cast<Gaussian*>(self)->scale = builder->parameters.add("scale", {1}, {Init::constant, 1});
    });
  }
  static basin_status forward(void* self, const basin_context*, basin_tensor* const* in, uint32_t, basin_tensor** out,
                              uint32_t) {
    return guard([&] {
      const auto& me = *static_cast<Gaussian*>(self);
      const Tensor x = share(in[0]), t = share(in[1]).round().to(at::kLong);
      const Tensor alpha = gather(me.process->alpha(), t, x), sigma = gather(me.process->sigma(), t, x);
      const Tensor variance = alpha.square() * (kDeviation * kDeviation) + sigma.square();
      out[0] = own((x - alpha * kMean) * (sigma / variance) * (me.scale * me.scale));
    });
  }
};
constexpr basin_model_functions kGaussian = {sizeof kGaussian, make<Gaussian>,    unmake<Gaussian>,
                                             Gaussian::build,  describe_denoiser, Gaussian::forward};

basin_layer_spec layer(int32_t kind, const char* name, int64_t in, int64_t out) {
  basin_layer_spec s{};
  s.size = sizeof s, s.kind = kind, s.name = name, s.in = in, s.out = out, s.bias = 1;
  if (kind == BASIN_LAYER_CONV) s.kernel = 3, s.padding = 1;
  return s;
}

struct Convolutions {
  basin_layer *first = nullptr, *time = nullptr, *last = nullptr;
  static basin_status build(void* self, basin_builder* builder) {
    return guard([&] {
      auto& me = *static_cast<Convolutions*>(self);
      me.first = builder->add_layer(layer(BASIN_LAYER_CONV, "first", 3, 6));
      me.time = builder->add_layer(layer(BASIN_LAYER_LINEAR, "time", 1, 6));
      me.last = builder->add_layer(layer(BASIN_LAYER_CONV, "last", 6, 3));
    });
  }
  static basin_status forward(void* self, const basin_context* context, basin_tensor* const* in, uint32_t,
                              basin_tensor** out, uint32_t) {
    return guard([&] {
      auto& me = *static_cast<Convolutions*>(self);
      const Tensor time = run_layer(*me.time, context, {(share(in[1]) / 1000).unsqueeze(1)});
      const Tensor h = run_layer(*me.first, context, {share(in[0])}) + time.unsqueeze(2).unsqueeze(3);
      out[0] = own(run_layer(*me.last, context, {at::silu(h)}));
    });
  }
};
constexpr basin_model_functions kConvolutions = {sizeof kConvolutions, make<Convolutions>, unmake<Convolutions>,
                                                 Convolutions::build,  describe_denoiser,  Convolutions::forward};

struct Extractor {
  basin_layer* layer = nullptr;
  static basin_status build(void* self, basin_builder* builder) {
    return guard([&] {
      static_cast<Extractor*>(self)->layer = builder->add_layer(checking::layer(BASIN_LAYER_LINEAR, "features", 12, 8));
    });
  }
  static basin_status describe(void*, basin_model_description* out) {
    out->target = BASIN_TARGET_NONE;
    out->inputs = kExtractorInputs, out->n_inputs = 1, out->outputs = kExtractorOutputs, out->n_outputs = 1;
    return BASIN_OK;
  }
  static basin_status forward(void* self, const basin_context* context, basin_tensor* const* in, uint32_t,
                              basin_tensor** out, uint32_t) {
    return guard([&] {
      const Tensor pooled = at::adaptive_avg_pool2d(share(in[0]), {2, 2}).flatten(1);
      out[0] = own(run_layer(*static_cast<Extractor*>(self)->layer, context, {pooled}));
    });
  }
};
constexpr basin_model_functions kExtractor = {sizeof kExtractor, make<Extractor>,     unmake<Extractor>,
                                              Extractor::build,  Extractor::describe, Extractor::forward};

// --- a sampler: DDIM without noise (Song et al. 2020, arXiv 2010.02502, eq. 12), on at most 200 levels ---
struct Walk {
  static basin_status sample(void*, const basin_sampling* s, basin_tensor** out) {
    return guard([&] {
      const at::NoGradGuard no_grad;
      const auto* host = static_cast<const basin_process_interface*>(ungated(BASIN_PROCESS_INTERFACE));
      const Process& process = *s->process->process;
      const int64_t n = std::min<int64_t>(200, process.steps());
      const std::vector<int64_t> levels = respace(process.steps(), std::to_string(n));
      Tensor x = share(s->noise);
      for (int64_t i = 0; i < n; i++) {
        const auto k = static_cast<size_t>(n - 1 - i);
        const double t = static_cast<double>(levels[k]);
        basin_denoised d{};
        d.size = sizeof d;
        check(host->denoise(s->denoiser, s->context, lend(x), &t, 1, &d));
        const Tensor epsilon = steal(d.epsilon), x0 = steal(d.x0);
        steal(d.variance);
        x = k ? x0 * process.alpha(levels[k - 1]) + epsilon * process.sigma(levels[k - 1]) : x0;
        if (s->on_step) check(s->on_step(s->user, i + 1, n, lend(x), lend(x0)));
      }
      *out = own(x);
    });
  }
};
constexpr basin_sampler_functions kWalk = {sizeof kWalk, make<Walk>, unmake<Walk>, Walk::sample};

// --- a data set ---
int64_t count_of_data = 0;  // of the one under construction

struct Data {
  int64_t count = count_of_data;
  static basin_status open(void*) { return BASIN_OK; }
  static basin_status describe(void* self, basin_dataset_description* out) {
    out->count = static_cast<Data*>(self)->count;
    out->channels = 3, out->height = out->width = 8, out->dtype = BASIN_FLOAT32;
    out->gaussian_variance = kDeviation * kDeviation;
    out->reference = "the check's Gaussian data";
    return BASIN_OK;
  }
  static basin_status read(void*, const int64_t* indices, uint32_t n, void* values, int64_t* labels) {
    return guard([&] {
      constexpr int64_t size = 3 * 8 * 8;
      for (uint32_t i = 0; i < n; i++) {
        float* item = static_cast<float*>(values) + i * size;
        draw_into(stream_of(0, BASIN_PURPOSE_DATA), BASIN_NORMAL, indices[i], item, size);
        for (int64_t k = 0; k < size; k++) item[k] = static_cast<float>(kMean + kDeviation * item[k]);
        if (labels) labels[i] = -1;
      }
    });
  }
};
constexpr basin_dataset_functions kData = {sizeof kData, make<Data>,     unmake<Data>,
                                           Data::open,   Data::describe, Data::read};

}  // namespace

std::shared_ptr<const Spec> standin(const std::string& kind) {
  if (kind == "optimizer") return std::make_shared<const Spec>(descent());
  if (kind == "model") {
    static const Component& one = component("model", BASIN_MODEL_INTERFACE, "check_extractor", kExtractor);
    return std::make_shared<const Spec>(Spec{&one, {}});
  }
  if (kind == "sampler") {
    static const Component& one = component("sampler", BASIN_SAMPLER_INTERFACE, "check_walk", kWalk);
    return std::make_shared<const Spec>(Spec{&one, {}});
  }
  return nullptr;
}

Spec descent() {
  static const Component& one = component("optimizer", BASIN_OPTIMIZER_INTERFACE, "check_descent", kDescent);
  return {&one, {}};
}

std::shared_ptr<Model> gaussian_denoiser(std::shared_ptr<const Process> process) {
  static const Component& one = component("model", BASIN_MODEL_INTERFACE, "check_gaussian", kGaussian);
  process_of_gaussian = process;
  auto model = Model::create({&one, {}});
  model->process = std::move(process);
  return model;
}

std::shared_ptr<Model> small_model(uint64_t seed) {
  static const Component& one = component("model", BASIN_MODEL_INTERFACE, "check_convolutions", kConvolutions);
  auto model = Model::create({&one, {}});
  const at::NoGradGuard no_grad;
  for (auto& group : model->parameters().groups())
    group.values.copy_(some_values(seed, 77, {group.values.numel()}, 0.1));
  model->initial = false;
  return model;
}

std::shared_ptr<Dataset> gaussian_data(int64_t count) {
  static const Component& one = component("dataset", BASIN_DATASET_INTERFACE, "check_gaussian_data", kData);
  count_of_data = count;
  return Dataset::open({&one, {}});
}

}  // namespace basin::checking
