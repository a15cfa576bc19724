// The best denoiser on a finite data set, for a fixed set of queries and many noise levels ("optimal loss", arXiv
// 2506.13763, eq. 7 and 9; the closed form is Bayes' rule).
//
// A query is x = x0 + s epsilon, where s = sigma / alpha: every process has the same problem. Then
//   E[x0|x] = sum_n w_n y_n,  w = softmax_n(-|x - y_n|^2 / (2 s^2)),  J*(s) = E tr Var(x0|x)
//
// Numerics: distances near 10^3 are divided by s^2 down to 10^-5, where single precision is off by hundreds of nats, so
// everything is double. |x|^2 is the same for all n and left out; the products x0 y and epsilon y are made once for all
// levels. Weights below exp(-60) of the largest become exact zeros: they change nothing, and denormal numbers would cost
// ten times the work.
#pragma once
#include <basin/basin.hpp>

#include <functional>

namespace optimal_loss {

using basin::Op;
using basin::Tensor;
using basin::Type;

// What the best denoiser says of the queries at one level.
struct Posterior {
  Tensor mean;                   // [Q,d] of double: E[x0|x]
  std::vector<double> variance;  // [Q]: tr Var(x0|x)
};

class Posteriors {
 public:
  // read(first, n) gives items [first, first + n) as [n,d] of double. x0, epsilon [Q,d] of double.
  Posteriors(int64_t count, int64_t block, std::function<Tensor(int64_t first, int64_t n)> read, const Tensor& x0,
             const Tensor& epsilon)
      : count_(count), block_(block), read_(std::move(read)), queries_(x0.size(0)) {
    const Tensor both = basin::cat(std::vector<Tensor>{x0, epsilon}, 0);
    products_ = Tensor::zeros({2 * queries_, count_}, Type::float64, x0);
    squares_ = Tensor::zeros({count_}, Type::float64, x0);
    for_each_block([&](int64_t first, const Tensor& y) {
      products_.narrow(1, first, y.size(0)).copy_(both.matmul(y.permute({1, 0})));
      squares_.narrow(0, first, y.size(0)).copy_((y * y).sum({1}));
    });
  }

  Posterior at(double s) {
    const Tensor weights = softmax(s);  // [Q,N]
    Tensor mean;
    int64_t start = 0;
    const std::vector<double> largest = weights.amax({0}).values<double>();  // [N]
    for (int64_t first = 0; first < count_; first = start) {
      start = std::min(first + block_, count_);
      std::vector<int64_t> used;  // items of this block that any query weighs: few of them where there is little noise
      for (int64_t i = first; i < start; ++i)
        if (largest[static_cast<size_t>(i)] > 0) used.push_back(i - first);
      if (used.empty()) continue;
      Tensor y = read_(first, start - first), w = weights.narrow(1, first, start - first);
      if (static_cast<int64_t>(used.size()) < start - first) {
        const Tensor index = Tensor::from(used, y);
        y = y.index_select(0, index), w = w.index_select(1, index);
      }
      const Tensor part = w.matmul(y);
      mean = mean ? mean.add_(part) : part;
    }
    // tr Var = sum_n w_n |y_n|^2 - |mean|^2
    const Tensor second = weights.matmul(squares_.reshape({-1, 1})).reshape({-1});
    return {mean, (second - (mean * mean).sum({1})).clamp(0, HUGE_VAL).values<double>()};
  }

 private:
  template <class F>
  void for_each_block(F&& body) const {
    for (int64_t first = 0; first < count_; first += block_)
      body(first, read_(first, std::min(block_, count_ - first)));
  }

  // w_qn: softmax over n of (x_q y_n - |y_n|^2 / 2) / s^2, without denormals
  Tensor softmax(double s) const {
    static const Op less("aten::lt.Scalar(Tensor self, Scalar other) -> Tensor");
    static const Op mask("aten::masked_fill_.Scalar(Tensor(a!) self, Tensor mask, Scalar value) -> Tensor(a!)");
    static const Op exp("aten::exp_(Tensor(a!) self) -> Tensor(a!)");
    Tensor w = products_.narrow(0, queries_, queries_) * s;
    w.add_(products_.narrow(0, 0, queries_)).add_(squares_.reshape({1, -1}), -0.5).mul_(1 / (s * s));
    w.add_(w.amax({1}, true), -1);
    mask(w, less(w, -60.0), -HUGE_VAL);
    exp(w);
    w.mul_(w.sum({1}, true).pow(-1));
    return w;
  }

  int64_t count_, block_;
  std::function<Tensor(int64_t, int64_t)> read_;
  int64_t queries_;
  Tensor products_;  // [2Q,N]: x0 y and epsilon y
  Tensor squares_;   // [N]
};

}  // namespace optimal_loss
