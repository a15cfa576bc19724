// Prediction targets: the four are linear in (x_t, prediction), so each conversion is one line.
#include "diffusion/target.hpp"

#include "abi/error.hpp"

namespace basin {
namespace {

constexpr struct {
  const char* name;
  Target target;
} names[] = {{"epsilon", Target::epsilon}, {"x0", Target::x0}, {"v", Target::v}, {"score", Target::score}};

}  // namespace

const char* target_name(Target target) {
  for (const auto& entry : names)
    if (entry.target == target) return entry.name;
  throw Error("A prediction target of number " + std::to_string(static_cast<int>(target)) + " does not exist.");
}

at::Tensor make_target(Target target, const at::Tensor& x0, const at::Tensor& epsilon, const at::Tensor& alpha,
                       const at::Tensor& sigma) {
  switch (target) {
    case Target::epsilon: return epsilon;
    case Target::x0: return x0;
    case Target::v: return alpha * epsilon - sigma * x0;
    case Target::score: return -epsilon / sigma;
  }
  throw Error(std::string("There is no training target for ") + target_name(target) + ".");
}

at::Tensor x0_from(Target target, const at::Tensor& prediction, const at::Tensor& x_t, const at::Tensor& alpha,
                   const at::Tensor& sigma) {
  switch (target) {
    case Target::epsilon: return (x_t - sigma * prediction) / alpha;
    case Target::x0: return prediction;
    case Target::v: return alpha * x_t - sigma * prediction;
    case Target::score: return (x_t + sigma * sigma * prediction) / alpha;  // Tweedie's formula
  }
  throw Error(std::string("x0 does not follow from ") + target_name(target) + ".");
}

at::Tensor epsilon_from(Target target, const at::Tensor& prediction, const at::Tensor& x_t, const at::Tensor& alpha,
                        const at::Tensor& sigma) {
  switch (target) {
    case Target::epsilon: return prediction;
    case Target::x0: return (x_t - alpha * prediction) / sigma;
    case Target::v: return sigma * x_t + alpha * prediction;
    case Target::score: return -sigma * prediction;
  }
  throw Error(std::string("epsilon does not follow from ") + target_name(target) + ".");
}

at::Tensor convert(Target from, Target to, const at::Tensor& prediction, const at::Tensor& x_t, const at::Tensor& alpha,
                   const at::Tensor& sigma) {
  if (from == to) return prediction;
  switch (to) {
    case Target::x0: return x0_from(from, prediction, x_t, alpha, sigma);
    case Target::epsilon: return epsilon_from(from, prediction, x_t, alpha, sigma);
    case Target::score: return -epsilon_from(from, prediction, x_t, alpha, sigma) / sigma;
    case Target::v:
      return make_target(to, x0_from(from, prediction, x_t, alpha, sigma),
                         epsilon_from(from, prediction, x_t, alpha, sigma), alpha, sigma);
  }
  throw Error(std::string("No prediction turns into ") + target_name(to) + ".");
}

}  // namespace basin
