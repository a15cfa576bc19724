// process.hpp: the forward process and the denoiser, as samplers, noise schedules and metrics use them.
#pragma once
#include "autograd.hpp"
#include "random.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

// x_t = alpha_t x_0 + sigma_t epsilon; tables by t = 0..T-1, in double.
class Process {
 public:
  Process() = default;
  explicit Process(const basin_process* handle) : handle_(handle) {
    info_.size = sizeof info_;
    call<&basin_process_interface::info>(handle, &info_);
  }
  explicit operator bool() const { return handle_; }
  const basin_process* handle() const { return handle_; }
  std::string name() const { return info_.name; }
  int64_t steps() const { return info_.steps; }
  double alpha_bar(int64_t t) const { return info_.alpha_bar[t]; }
  double alpha(int64_t t) const { return info_.alpha[t]; }
  double sigma(int64_t t) const { return info_.sigma[t]; }
  // `count` levels in ascending order; spacing "even" or "stride" (process.h).
  std::vector<int64_t> respace(const std::string& spacing, int64_t count) const {
    if (count < 1 || count > steps())
      throw error(std::to_string(count) + " steps were asked for, but the process has " + std::to_string(steps()) +
                  ": ask for 1 to " + std::to_string(steps()) + ".");
    std::vector<int64_t> out(static_cast<size_t>(count));
    call<&basin_process_interface::respace>(handle_, spacing.c_str(), count, out.data());
    return out;
  }

 private:
  const basin_process* handle_ = nullptr;
  basin_process_info info_{};
};

// x_0 = (x - sigma_t epsilon) / alpha_t, [B,C,H,W]: at one level for the whole batch, or one for each image.
inline Tensor clean(const Process& process, const Tensor& x, const Tensor& epsilon, Span<const double> t) {
  std::vector<float> of_x, of_epsilon;
  for (const double level : t) {
    const auto i = static_cast<int64_t>(level + 0.5);
    of_x.push_back(static_cast<float>(1 / process.alpha(i)));
    of_epsilon.push_back(static_cast<float>(process.sigma(i) / process.alpha(i)));
  }
  const int64_t n = static_cast<int64_t>(t.size());
  return x * Tensor::from(of_x, x).reshape({n, 1, 1, 1}) - epsilon * Tensor::from(of_epsilon, x).reshape({n, 1, 1, 1});
}

struct Denoised {
  Tensor epsilon, x0;  // [B,C,H,W], float32; x0 not clipped
  Tensor variance;     // v of a learned range (Nichol and Dhariwal 2021, eq. 15); empty where the model learns none
};

class Denoiser {
 public:
  Denoiser() = default;
  explicit Denoiser(basin_denoiser* handle) : handle_(handle) {}
  explicit operator bool() const { return handle_; }
  basin_denoiser* handle() const { return handle_; }
  // At levels t of the process: one for the whole batch, or one for each image. Differentiable in x.
  Denoised operator()(const Context& context, const Tensor& x, double t) const { return (*this)(context, x, {&t, 1}); }
  Denoised operator()(const Context& context, const Tensor& x, Span<const double> t) const {
    basin_denoised d{};
    d.size = sizeof d;
    const Context* c = &context;
    call<&basin_process_interface::denoise>(handle_, c, x.handle(), t.data(), uint32_t(t.size()), &d);
    return {Tensor::take(d.epsilon), Tensor::take(d.x0), Tensor::take(d.variance)};
  }

 private:
  basin_denoiser* handle_ = nullptr;
};

}  // namespace basin
#pragma GCC visibility pop
