// sampler.hpp: SamplerComponent<T>.
//
//   Tensor sample(const Sampling&);     from noise to x_0 [B,C,H,W]
//
// Nothing is recorded for gradients unless the sampler says Recording on(true).
#pragma once
#include "../process.hpp"
#include "component.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

// What stands in the place of the model for a sampler that is wrapped.
using DenoiseFunction = std::function<Denoised(const Context&, const Tensor& x, Span<const double> t)>;

class Sampling {
 public:
  explicit Sampling(const basin_sampling* s)
      : context(*s->context), process(s->process), denoise(s->denoiser), start(Tensor::share(s->noise)), sampling_(s) {}
  // A job of one's own, from a metric: the noise of image i of the batch is drawn by context.sample_ids[i].
  Sampling(const Context& of, const Process& on, const Denoiser& model, const Tensor& noise)
      : context(of), process(on), denoise(model), start(noise) {}
  const Context& context;
  Process process;
  Denoiser denoise;  // denoise(context, x, t)
  Tensor start;      // standard normal [B,C,H,W]

  // The noise of step `step`: N(0,1) [B,C,H,W], one row a sample id.
  Tensor noise(int64_t step) const {
    const std::vector<int64_t> shape = start.sizes();
    return normal(stream(context, BASIN_PURPOSE_SAMPLER, static_cast<uint64_t>(step)), sample_ids(context),
                  Sizes(shape.data() + 1, shape.size() - 1), start);
  }
  // To be called after each step, with x_t and the estimate of x0. Throws when the sampling is to end.
  void report(int64_t step, int64_t steps, const Tensor& x, const Tensor& x0 = {}) const {
    if (sampling_ && sampling_->on_step)
      check(sampling_->on_step(sampling_->user, step, steps, x.handle(), x0.handle()));
  }

 private:
  friend struct Sampler;
  const basin_sampling* sampling_ = nullptr;
};

// The sampler that an option named, for one that wraps it, or for a metric.
struct Sampler : Object {
  // x_0 [B,C,H,W] of the job, from another start and through another denoiser where they are given.
  Tensor sample(const Sampling& job, const Tensor& start = {}, const DenoiseFunction& through = {}) const {
    basin_sampling inner{};
    inner.size = sizeof inner;
    if (job.sampling_) inner.on_step = job.sampling_->on_step, inner.user = job.sampling_->user;
    inner.denoiser = job.denoise.handle(), inner.process = job.process.handle(), inner.context = &job.context;
    inner.noise = (start ? start : job.start).handle();
    const basin_denoise callback{sizeof callback, const_cast<DenoiseFunction*>(&through),
                                 [](void* user, const basin_context* context, basin_tensor* x, const double* t,
                                    uint32_t n, basin_denoised* out) -> basin_status {
                                   return guard([&] {
                                     Denoised d = (*static_cast<const DenoiseFunction*>(user))(
                                         *context, Tensor::share(x), Span<const double>(t, n));
                                     if (BASIN_HAS(out, epsilon)) out->epsilon = d.epsilon.release();
                                     if (BASIN_HAS(out, x0)) out->x0 = d.x0.release();
                                     if (BASIN_HAS(out, variance)) out->variance = d.variance.release();
                                     if (out->size > sizeof *out) out->size = sizeof *out;
                                   });
                                 }};
    const basin_sampling* asked = &inner;
    const basin_denoise* denoise = through ? &callback : nullptr;
    return detail::make<&basin_samplers_interface::sample>(handle, asked, denoise);
  }
};

template <class T>
struct SamplerComponent {
  using Requires = detail::List<basin_options_interface, basin_tensor_interface, basin_ops_interface,
                                basin_autograd_interface, basin_random_interface, basin_process_interface>;
  static constexpr basin_sampler_functions functions{
      sizeof(basin_sampler_functions), detail::create<T>, detail::destroy<T>,
      [](void* self, const basin_sampling* s, basin_tensor** out) -> basin_status {
        return guard([&] {
          NoRecording off;
          *out = detail::self_of<T>(self).part.sample(Sampling(s)).release();
        });
      }};
  static const basin_component* describe() { return detail::describe<T>(BASIN_SAMPLER_INTERFACE, &functions); }
};

}  // namespace basin
#pragma GCC visibility pop
