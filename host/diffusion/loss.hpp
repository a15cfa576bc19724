// Training losses of a denoiser: one number a sample, never reduced here, so that a noise schedule can weigh and learn
// from them. A loss is a function of (denoiser, clean images, noise, time steps) and nothing else: whoever wants
// another one writes another function of type Loss.
//
//   simple   mean squared error of the prediction (Ho et al. 2020, arXiv 2006.11239, eq. 14)
//   hybrid   simple + T/1000 of a term of the variational bound that teaches the variance only
//            (Nichol and Dhariwal 2021, arXiv 2102.09672, eq. 16)
// Both know input perturbation (Ning et al. 2023, arXiv 2301.11706, Algorithm 1): the image is noised with
// epsilon + gamma xi, and the target stays epsilon.
#pragma once
#include <string>
#include <vector>

#include "abi/aten.hpp"
#include "diffusion/process.hpp"
#include "diffusion/target.hpp"

namespace basin {

struct ModelOutput {
  at::Tensor prediction;  // [B,...], of the kind LossInput::target says
  at::Tensor variance;    // [B,...] in about [-1,1], see learned_log_variance; undefined unless learned
};

// x_t [B,...], t [B] int64 (a step of the original schedule) -> what the model says.
using Denoise = std::function<ModelOutput(const at::Tensor& x_t, const at::Tensor& t)>;

struct LossInput {
  const Process& process;
  at::Tensor x0;            // [B,...] clean, in [-1,1]
  at::Tensor noise;         // [B,...] epsilon
  at::Tensor t;             // [B] int64, steps of this process
  at::Tensor perturbation;  // [B,...] xi; may be undefined when gamma is 0
  double gamma = 0;
  Target target = Target::epsilon;
  at::Tensor labels;  // [B] int64, for losses of one's own that want them; undefined without
};

struct LossOutput {
  at::Tensor per_sample;                    // [B], float at least
  std::map<std::string, at::Tensor> terms;  // what per_sample is made of, [B] each: "simple", and "vlb" as added
};

using Loss = std::function<LossOutput(const Denoise&, const LossInput&)>;

Loss find_loss(const std::string& name);  // "simple" or "hybrid"; throws Error with the list
std::vector<std::string> loss_names();

// The parts, for losses of one's own.

// The noised image that the loss shows to the model, perturbed when gamma is not 0. [B,...]
at::Tensor noised(const LossInput& input);
// Mean over all but the first dimension of (prediction - target)^2, in float at least: [B,...], [B,...] -> [B].
at::Tensor simple_loss(const at::Tensor& prediction, const at::Tensor& target);
// log variance = f log beta + (1-f) log beta~, f = (v+1)/2, v not clamped (Nichol and Dhariwal 2021, eq. 15): v [B,...]
at::Tensor learned_log_variance(const Process& process, const at::Tensor& v, const at::Tensor& t);
// One term of the variational bound, bits per dimension: KL(q(x_{t-1}|x_t,x0) || p(x_{t-1}|x_t)), and at t = 0 the
// negative log-likelihood of the 8-bit image (Ho et al. 2020, eq. 5 and 13). The mean is detached: gradients reach the
// variance only.
at::Tensor vlb_term(const LossInput& input, const at::Tensor& x_t, const ModelOutput& output);  // [B]
// KL of two Gaussians given by mean and log variance, in nats, elementwise.
at::Tensor gaussian_kl(const at::Tensor& mean_1, const at::Tensor& log_variance_1, const at::Tensor& mean_2,
                       const at::Tensor& log_variance_2);
// log-probability, in nats, of the 8-bit level x (in [-1,1], 255 equal steps) under a Gaussian; outer bins reach to
// infinity.
at::Tensor discretized_gaussian_log_likelihood(const at::Tensor& x, const at::Tensor& mean,
                                               const at::Tensor& log_variance);

}  // namespace basin
