// Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon): the momentum of a matrix, made nearly
// orthogonal.
//   b <- momentum b + (1 - momentum) g;   w <- w (1 - lr weight_decay) - lr s O(g + momentum (b - g))  with Nesterov,
//   O(b) without. O(x) begins with x / |x| and takes some steps of Newton and Schulz's iteration in a quintic form,
//   x <- a x + (b A + c A^2) x, A = x x^T, whose coefficients bring singular values near 1 soonest, not closest.
// A matrix is a parameter of two or more dimensions, its rows along the first: a convolution's filters are rows. (The
// order of columns is the memory's; O does not mind: O(x P) = O(x) P for a permutation P.) All others get AdamW.
#include <algorithm>
#include <basin/basin.hpp>
#include <set>
#include <sstream>

namespace {
using namespace basin;

struct Muon {
  static constexpr const char* name = "muon";
  static constexpr const char* summary =
      "Muon: orthogonalized momentum for matrices (Jordan et al. 2024), AdamW for all other parameters.";
  double lr, momentum, weight_decay, adam_lr, beta1, beta2, eps;
  bool nesterov;
  int64_t iterations;
  std::string scale, adam_for;

  static auto parameters() {
    return declare(
        number("lr", &Muon::lr, 0.02, "Learning rate of matrices.").at_least(0),
        number("momentum", &Muon::momentum, 0.95, "Decay of the mean of a matrix's gradients.").between(0, 1),
        boolean("nesterov", &Muon::nesterov, true, "Looks ahead along the momentum."),
        integer("iterations", &Muon::iterations, 5, "Steps of Newton and Schulz's iteration.").between(1, 99),
        choice("scale", &Muon::scale, "shape", {"shape", "rms"},
               "Times the step of a matrix: sqrt(max(1, rows / columns)), or 0.2 sqrt(max(rows, columns)), whose root "
               "mean square is like Adam's (Liu et al. 2025, arXiv 2502.16982)."),
        number("weight_decay", &Muon::weight_decay, 0, "Decoupled: values shrink by the learning rate times this.")
            .at_least(0),
        string("adam_for", &Muon::adam_for, "",
               "Also AdamW for parameters whose names contain one of these, comma-separated: embeddings, the last "
               "layer."),
        number("adam_lr", &Muon::adam_lr, 3e-4, "Learning rate of the others.").at_least(0),
        number("beta1", &Muon::beta1, 0.9, "AdamW: decay of the mean of gradients.").between(0, 0.9999999),
        number("beta2", &Muon::beta2, 0.95, "AdamW: decay of the mean of squared gradients.").between(0, 0.9999999),
        number("eps", &Muon::eps, 1e-10, "AdamW: added to the root of the mean of squares.").at_least(0));
  }

  struct Matrix {
    Tensor values, gradients, momentum;  // [rows, columns]
    uint32_t group;
  };
  struct Others {  // of one group, [numel] each
    std::vector<Tensor> values, gradients, means, squares;
  };
  Parameters parameters_;
  std::vector<Matrix> matrices;
  std::vector<Others> others;
  Tensor steps;  // []
  bool said = false;

  void start(Parameters p, State state) {
    parameters_ = p;
    steps = state.tensor("step", {});
    others.resize(p.size());
    const std::set<std::string> to_adam = named();
    for (const Parameter& parameter : p.list()) {
      const Group& g = p[parameter.group];
      const Tensor values = g.values.narrow(0, parameter.offset, parameter.numel),
                   gradients = g.gradients.narrow(0, parameter.offset, parameter.numel);
      if (parameter.value.dims() >= 2 && !to_adam.count(parameter.name)) {
        const std::vector<int64_t> shape = {parameter.value.size(0), parameter.numel / parameter.value.size(0)};
        matrices.push_back({values.reshape(shape), gradients.reshape(shape),
                            state.tensor(parameter.name + ".momentum", shape), parameter.group});
      } else {
        Others& o = others[parameter.group];
        o.values.push_back(values), o.gradients.push_back(gradients);
        o.means.push_back(state.like(parameter.name + ".m", values));
        o.squares.push_back(state.like(parameter.name + ".v", values));
      }
    }
  }

  LossResult step(const Context&, const Closure& closure) {
    if (!said) {  // not in start: a training that is finished and only loaded takes no step
      log_info(std::to_string(matrices.size()) + " of " + std::to_string(parameters_.list().size()) +
               " parameters are matrices, the others get AdamW");
      said = true;
    }
    const LossResult result = closure();
    steps.add_(1);
    for (const Matrix& x : matrices) {
      const auto rows = static_cast<double>(x.values.size(0)), columns = static_cast<double>(x.values.size(1));
      const double factor =
          scale == "shape" ? std::sqrt(std::max(1.0, rows / columns)) : 0.2 * std::sqrt(std::max(rows, columns));
      const Tensor rate = learning_rate(parameters_[x.group], lr);
      x.momentum.lerp_(x.gradients, 1 - momentum);
      const Tensor direction = nesterov ? x.gradients * (1 - momentum) + x.momentum * momentum : x.momentum;
      if (weight_decay > 0) x.values.mul_(1 - rate * weight_decay);
      x.values.addcmul_(orthogonal(direction), rate, -factor);
    }
    for (size_t i = 0; i < others.size(); ++i)
      adamw(others[i].values, others[i].gradients, others[i].means, others[i].squares, steps,
            learning_rate(parameters_[i], adam_lr), {beta1, beta2, eps, weight_decay});
    return result;
  }

 private:
  // The parameters that adam_for names.
  std::set<std::string> named() const {
    std::set<std::string> all;
    std::stringstream pieces(adam_for);
    for (std::string piece; std::getline(pieces >> std::ws, piece, ',');) {
      piece.erase(piece.find_last_not_of(' ') + 1);
      const size_t before = all.size();
      for (const Parameter& p : parameters_.list())
        if (!piece.empty() && p.name.find(piece) != p.name.npos) all.insert(p.name);
      if (all.size() == before)
        throw error("adam_for names '" + piece +
                    "', but no other parameter's name contains it: print(model) lists them.");
    }
    return all;
  }

  Tensor orthogonal(Tensor x) const {         // [rows, columns]
    const bool tall = x.size(0) > x.size(1);  // the smaller product of the two
    if (tall) x = x.permute({1, 0});
    x = x / (x.norm() + 1e-7);
    for (int64_t i = 0; i < iterations; ++i) {
      const Tensor a = x.matmul(x.permute({1, 0}));
      x = x * 3.4445 + (a * -4.7750 + a.matmul(a) * 2.0315).matmul(x);
    }
    return tall ? x.permute({1, 0}) : x;
  }
};

}  // namespace

BASIN_PLUGIN("muon", "0.1.0", "Apache-2.0", "Muon: orthogonalized momentum.", OptimizerComponent<Muon>)
