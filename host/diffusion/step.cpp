// Coefficients of DDPM and DDIM steps, and the steps themselves.
#include "diffusion/step.hpp"

#include "abi/error.hpp"

namespace basin {

std::vector<DdpmStep> ddpm_steps(const Process& p) {
  std::vector<DdpmStep> steps;
  for (int64_t t = 0; t < p.steps(); ++t)
    steps.push_back({t, p.original_index()[t], p.x0_of_x()[t], p.x0_of_epsilon()[t], p.posterior_of_x0()[t],
                     p.posterior_of_x()[t], p.posterior_log_variance()[t], p.log_beta()[t],
                     t == 0 ? 0.0 : std::exp(0.5 * p.posterior_log_variance()[t])});
  return steps;
}

std::vector<DdimStep> ddim_steps(const Process& p, double eta) {
  if (!(eta >= 0 && eta <= 1))
    throw Error("DDIM's eta lies between 0 (deterministic) and 1 (as noisy as DDPM), but is " + std::to_string(eta) +
                ".");
  std::vector<DdimStep> steps;
  for (int64_t t = 0; t < p.steps(); ++t) {
    const double a = p.alpha_bar()[t], a_prev = p.alpha_bar_prev()[t];
    const double sigma = eta * std::sqrt((1 - a_prev) / (1 - a)) * std::sqrt(1 - a / a_prev);
    steps.push_back({t, p.original_index()[t], p.x0_of_x()[t], p.x0_of_epsilon()[t], std::sqrt(a_prev),
                     std::sqrt(1 - a_prev - sigma * sigma), t == 0 ? 0.0 : sigma});
  }
  return steps;
}

at::Tensor clip_x0(const at::Tensor& x0) { return x0.clamp(-1, 1); }

at::Tensor ddpm_step(const DdpmStep& s, const at::Tensor& x_t, const at::Tensor& epsilon, const at::Tensor& variance,
                     const at::Tensor& z, bool clip) {
  at::Tensor x0 = s.x0_of_x * x_t - s.x0_of_epsilon * epsilon;
  if (clip) x0 = clip_x0(x0);
  const at::Tensor mean = s.of_x0 * x0 + s.of_x * x_t;
  if (s.t == 0) return mean;
  if (!variance.defined()) return mean + s.noise * z;
  const at::Tensor f = (variance + 1) / 2;
  return mean + at::exp(0.5 * (f * s.log_beta + (1 - f) * s.log_variance)) * z;
}

at::Tensor ddim_step(const DdimStep& s, const at::Tensor& x_t, const at::Tensor& epsilon, const at::Tensor& z,
                     bool clip) {
  at::Tensor x0 = s.x0_of_x * x_t - s.x0_of_epsilon * epsilon;
  if (clip) x0 = clip_x0(x0);
  const at::Tensor again = (s.x0_of_x * x_t - x0) / s.x0_of_epsilon;
  const at::Tensor mean = s.of_x0 * x0 + s.of_epsilon * again;
  return s.noise == 0 ? mean : mean + s.noise * z;
}

at::Tensor images_from_uint8(const at::Tensor& images) {
  if (images.scalar_type() != at::kByte)
    throw Error(std::string("8-bit images are expected (uint8), but these are ") + c10::toString(images.scalar_type()) +
                ".");
  return images.to(at::kFloat) / 127.5 - 1;
}

at::Tensor images_to_uint8(const at::Tensor& x) {
  const at::Tensor wide = x.scalar_type() == at::kDouble ? x : x.to(at::kFloat);
  return ((wide + 1) * 127.5).clamp(0, 255).to(at::kByte);
}

}  // namespace basin
