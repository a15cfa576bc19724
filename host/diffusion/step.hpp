// One step of ancestral (DDPM) and of DDIM sampling: its numbers in double, and a plain application of them to tensors.
// Sampler plugins read the process's tables and write their own loops; this is what they are compared with.
// Also here: images between 8 bits and [-1,1].
#pragma once
#include <vector>

#include "abi/aten.hpp"
#include "diffusion/process.hpp"

namespace basin {

// x_{t-1} = of_x0 x0 + of_x x_t + noise z (Ho et al. 2020, arXiv 2006.11239, eq. 7; Algorithm 2)
struct DdpmStep {
  int64_t t, original;            // step of this process; the step that the model is told
  double x0_of_x, x0_of_epsilon;  // x0 = x0_of_x x_t - x0_of_epsilon epsilon
  double of_x0, of_x;
  double log_variance;  // of the posterior, clipped at t = 0: the fixed small variance
  double log_beta;      // the fixed large variance; a learned one lies between the two
  double noise;         // exp(log_variance / 2), and 0 at t = 0: the last step adds none
};

// x_{t-1} = of_x0 x0 + of_epsilon epsilon + noise z (Song et al. 2020, arXiv 2010.02502, eq. 12 and 16)
struct DdimStep {
  int64_t t, original;
  double x0_of_x, x0_of_epsilon;
  double of_x0, of_epsilon;
  double noise;  // eta sqrt((1-a')/(1-a)) sqrt(1-a/a'), a = alpha_bar(t), a' = alpha_bar(t-1); 0 at t = 0
};

// All steps of a process, by t; sampling takes them from the last to the first. eta 0 is deterministic, 1 has DDPM's
// noise.
std::vector<DdpmStep> ddpm_steps(const Process& process);
std::vector<DdimStep> ddim_steps(const Process& process, double eta);

at::Tensor clip_x0(const at::Tensor& x0);  // to [-1,1], where images lie

// Both take and give [B,...]; epsilon is what the model predicted, z standard normal noise, clip says whether x0 is
// clipped. variance: the model's v (see learned_log_variance), undefined for the fixed small variance.
at::Tensor ddpm_step(const DdpmStep& step, const at::Tensor& x_t, const at::Tensor& epsilon, const at::Tensor& variance,
                     const at::Tensor& z, bool clip);
// epsilon is made anew from the clipped x0, as guided-diffusion does.
at::Tensor ddim_step(const DdimStep& step, const at::Tensor& x_t, const at::Tensor& epsilon, const at::Tensor& z,
                     bool clip);

at::Tensor images_from_uint8(const at::Tensor& images);  // uint8 -> float, x / 127.5 - 1
// (x + 1) 127.5, clamped to 0..255 and truncated: ADM's convention, half a level darker than rounding, and FID can
// tell.
at::Tensor images_to_uint8(const at::Tensor& x);

}  // namespace basin
