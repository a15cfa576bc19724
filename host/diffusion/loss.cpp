// Per-sample training losses (Ho et al. 2020; Nichol and Dhariwal 2021; Ning et al. 2023).
#include "diffusion/loss.hpp"

#include <numbers>

#include "abi/error.hpp"

namespace basin {
namespace {

at::Tensor at_least_float(const at::Tensor& x) { return x.scalar_type() == at::kDouble ? x : x.to(at::kFloat); }

at::Tensor mean_by_sample(const at::Tensor& x) { return x.flatten(1).mean(1); }  // [B,...] -> [B]

void check_output(const at::Tensor& part, const char* what, const at::Tensor& x_t) {
  if (!part.defined()) throw Error(std::string("The model gave no ") + what + ", which this loss needs.");
  if (!part.sizes().equals(x_t.sizes()))
    throw Error(std::string("The model's ") + what + " has the shape " + c10::str(part.sizes()) +
                ", but the noised images it was given have " + c10::str(x_t.sizes()) + ".");
}

struct Passed {  // one pass through the model, with what the terms need of it
  at::Tensor x_t;
  ModelOutput output;
  at::Tensor simple;  // [B]
};

Passed pass(const Denoise& denoise, const LossInput& in) {
  Passed result;
  result.x_t = noised(in);
  result.output = denoise(result.x_t, in.process.original_time(in.t));
  check_output(result.output.prediction, "prediction", result.x_t);
  // With input perturbation the target is made of the noise before it was perturbed.
  const at::Tensor target =
      make_target(in.target, at_least_float(in.x0), at_least_float(in.noise), gather(in.process.alpha(), in.t, in.x0),
                  gather(in.process.sigma(), in.t, in.x0));
  result.simple = simple_loss(result.output.prediction, target);
  return result;
}

LossOutput simple(const Denoise& denoise, const LossInput& in) {
  const at::Tensor loss = pass(denoise, in).simple;
  return {loss, {{"simple", loss.detach()}}};
}

LossOutput hybrid(const Denoise& denoise, const LossInput& in) {
  const Passed passed = pass(denoise, in);
  if (!passed.output.variance.defined())
    throw Error(
        "The loss \"hybrid\" teaches a learned variance, but the model gives none; use \"simple\" or a model that "
        "learns its variance.");
  // The bound is a sum over all T steps, estimated from the one step drawn: T times its term. The paper weighs the
  // bound with 1/1000, so that it does not drown the simple loss. Together T/1000.
  const double weight = static_cast<double>(in.process.steps()) / 1000;
  const at::Tensor vlb = vlb_term(in, passed.x_t, passed.output) * weight;
  return {passed.simple + vlb, {{"simple", passed.simple.detach()}, {"vlb", vlb.detach()}}};
}

constexpr struct {
  const char* name;
  LossOutput (*function)(const Denoise&, const LossInput&);
} losses[] = {{"simple", simple}, {"hybrid", hybrid}};

// Standard normal distribution function, by the tanh form that guided-diffusion's bound uses (error below 4e-4), so
// that losses can be compared with models trained there.
at::Tensor normal_cdf(const at::Tensor& x) {
  return 0.5 * (1 + at::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}

}  // namespace

Loss find_loss(const std::string& name) {
  for (const auto& entry : losses)
    if (name == entry.name) return entry.function;
  throw Error("There is no loss \"" + name + "\"; there are: simple, hybrid.");
}

std::vector<std::string> loss_names() {
  std::vector<std::string> result;
  for (const auto& entry : losses) result.emplace_back(entry.name);
  return result;
}

at::Tensor noised(const LossInput& in) {
  const at::Tensor x0 = at_least_float(in.x0);
  at::Tensor noise = at_least_float(in.noise);
  if (in.gamma != 0) {
    if (!in.perturbation.defined() || !in.perturbation.sizes().equals(noise.sizes()))
      throw Error("Input perturbation needs noise xi of the images' shape " + c10::str(noise.sizes()) +
                  " when gamma is not 0, " +
                  (in.perturbation.defined() ? "but it has the shape " + c10::str(in.perturbation.sizes())
                                             : "but none was given") +
                  ".");
    noise = noise + in.gamma * at_least_float(in.perturbation);
  }
  return in.process.q_sample(x0, in.t, noise);
}

at::Tensor simple_loss(const at::Tensor& prediction, const at::Tensor& target) {
  if (!prediction.sizes().equals(target.sizes()) || prediction.dim() < 2)
    throw Error("The squared error compares two tensors [B,...] of one shape, but got " + c10::str(prediction.sizes()) +
                " and " + c10::str(target.sizes()) + ".");
  return mean_by_sample((at_least_float(prediction) - at_least_float(target)).square());
}

at::Tensor learned_log_variance(const Process& process, const at::Tensor& v, const at::Tensor& t) {
  const at::Tensor f = (at_least_float(v) + 1) / 2;
  return f * gather(process.log_beta(), t, f) + (1 - f) * gather(process.posterior_log_variance(), t, f);
}

at::Tensor gaussian_kl(const at::Tensor& mean_1, const at::Tensor& log_variance_1, const at::Tensor& mean_2,
                       const at::Tensor& log_variance_2) {
  return 0.5 * (-1.0 + log_variance_2 - log_variance_1 + at::exp(log_variance_1 - log_variance_2) +
                (mean_1 - mean_2).square() * at::exp(-log_variance_2));
}

at::Tensor discretized_gaussian_log_likelihood(const at::Tensor& x, const at::Tensor& mean,
                                               const at::Tensor& log_variance) {
  constexpr double half_bin = 1.0 / 255, edge = 0.999, tiny = 1e-12;
  const at::Tensor centred = x - mean, inverse = at::exp(-0.5 * log_variance);
  const at::Tensor upper = normal_cdf(inverse * (centred + half_bin)),
                   lower = normal_cdf(inverse * (centred - half_bin));
  const auto log_of = [&](const at::Tensor& p) { return at::log(p.clamp_min(tiny)); };
  return at::where(x < -edge, log_of(upper), at::where(x > edge, log_of(1 - lower), log_of(upper - lower)));
}

at::Tensor vlb_term(const LossInput& in, const at::Tensor& x_t, const ModelOutput& output) {
  check_output(output.variance, "variance", x_t);
  const Process& process = in.process;
  const at::Tensor x0 = at_least_float(in.x0), prediction = at_least_float(output.prediction.detach());
  const at::Tensor x0_predicted =
      in.target == Target::epsilon
          ? gather(process.x0_of_x(), in.t, x_t) * x_t - gather(process.x0_of_epsilon(), in.t, x_t) * prediction
          : x0_from(in.target, prediction, x_t, gather(process.alpha(), in.t, x_t), gather(process.sigma(), in.t, x_t));
  const at::Tensor of_x0 = gather(process.posterior_of_x0(), in.t, x_t),
                   of_x = gather(process.posterior_of_x(), in.t, x_t);
  const at::Tensor true_mean = of_x0 * x0 + of_x * x_t, mean = of_x0 * x0_predicted + of_x * x_t;
  const at::Tensor true_log_variance = gather(process.posterior_log_variance(), in.t, x_t);
  const at::Tensor log_variance = learned_log_variance(process, output.variance, in.t);

  const at::Tensor kl = mean_by_sample(gaussian_kl(true_mean, true_log_variance, mean, log_variance));
  const at::Tensor likelihood = mean_by_sample(discretized_gaussian_log_likelihood(x0, mean, log_variance));
  return at::where(in.t == 0, -likelihood, kl) / std::numbers::ln2;
}

}  // namespace basin
