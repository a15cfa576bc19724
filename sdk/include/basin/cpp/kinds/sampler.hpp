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

class Sampling {
 public:
  explicit Sampling(const basin_sampling* s)
      : context(*s->context), process(s->process), denoise(s->denoiser), start(Tensor::share(s->noise)), sampling_(s) {}
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
    if (sampling_->on_step) check(sampling_->on_step(sampling_->user, step, steps, x.handle(), x0.handle()));
  }

 private:
  const basin_sampling* sampling_;
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
