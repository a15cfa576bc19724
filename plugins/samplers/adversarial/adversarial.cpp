// An attack on the noise that sampling starts from (arXiv 2503.11078, section 6, Table 5): z_T is moved within a ball so
// that the diffusion loss of the first step grows the most, and any sampler goes on from there.
//
//   maximize over |delta|_2 <= radius, each image for itself:   |epsilon(z_T + delta, T - 1) - z_T|^2
//
// by projected gradient ascent (Madry et al. 2018, arXiv 1706.06083) with steps of 2.5 radius / iterations. In the paper
// neither radius nor iterations are said; "7x noise" there is seven times the radius here.
#include <basin/basin.hpp>
#include <cmath>

namespace {
using namespace basin;

struct Adversarial {
  static constexpr const char* name = "adversarial";
  static constexpr const char* summary = "An attack on the noise that any sampler starts from, within an L2 ball.";
  double radius;
  int64_t iterations;
  Sampler base;

  static auto parameters() {
    return declare(
        number("radius", &Adversarial::radius, 1, "Of the ball, in L2 norm over one image's noise.").at_least(0),
        integer("iterations", &Adversarial::iterations, 10, "Steps of the ascent; 0: a random direction, no attack.")
            .at_least(0),
        component("base", &Adversarial::base, "sampler", "The sampler that goes on from there."));
  }

  Tensor sample(const Sampling& s) { return base.sample(s, radius > 0 ? s.start + attack(s) : s.start); }

 private:
  Tensor attack(const Sampling& s) const {
    const Tensor& z = s.start;  // [B,C,H,W]
    const double last = static_cast<double>(s.process.steps() - 1);
    // A start within the ball: at delta = 0 of a perfect model there is no direction. Its own numbers of each image.
    Tensor delta = to_norm(s.noise(s.process.steps() + 1), iterations ? radius / 2 : radius);
    for (int64_t i = 0; i < iterations; ++i) {
      Tensor gradient;
      {
        Recording on(true);
        const Tensor at = (z + delta).detach();
        require_gradient(at);
        const Tensor difference = s.denoise(s.context, at, last).epsilon - z;
        gradient = gradients({(difference * difference).sum()}, {at})[0];
      }
      delta = within_ball(delta + to_norm(gradient, 2.5 * radius / static_cast<double>(iterations)));
    }
    return delta;
  }

  static Tensor norms(const Tensor& x) {  // of each image, [B,1,1,1]
    return (x * x).sum({1, 2, 3}, true).sqrt();
  }
  static Tensor to_norm(const Tensor& x, double norm) { return x * (norm / (norms(x) + 1e-12)); }
  Tensor within_ball(const Tensor& x) const { return x * (radius / (norms(x) + 1e-12)).clamp(0, 1); }
};
}  // namespace

BASIN_PLUGIN("adversarial", "0.1.0", "Apache-2.0", "Sampling from attacked noise.", SamplerComponent<Adversarial>)
