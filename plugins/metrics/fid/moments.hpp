// Mean and covariance of features, gathered batch by batch in double, and the Frechet distance between two of them.
//
//   d^2 = |mu1 - mu2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2)     (Heusel et al. 2017, arXiv 1706.08500, eq. 6)
//
// S1 S2 is not symmetric, so its root is taken of R S2 R with R = S1^(1/2), which has the same eigenvalues and is.
#pragma once
#include <basin/basin.hpp>

namespace fid {

using basin::Op;
using basin::Tensor;
using basin::Type;

inline double trace(const Tensor& a) {
  static const Op diagonal("aten::diagonal(Tensor(a) self, int offset=0, int dim1=0, int dim2=1) -> Tensor(a)");
  return diagonal(a).sum().item();
}

// What a set of images is in the distance's eyes.
struct Gaussian {
  Tensor mean, covariance;  // [D], [D,D], double; the covariance with n - 1
  int64_t count = 0;        // of images; 0: not known
  int64_t features() const { return mean.numel(); }
};

struct Moments {
  int64_t count = 0;
  Tensor sum;      // [D] of double
  Tensor product;  // [D,D]: sum of x x^T

  void add(const Tensor& x) {  // [n,D], double
    const Tensor total = x.sum({0}), outer = x.permute({1, 0}).matmul(x);
    if (!count) sum = total, product = outer;
    else sum.add_(total), product.add_(outer);
    count += x.size(0);
  }
  Moments operator+(const Moments& o) const {
    if (!count) return o;
    return {count + o.count, sum + o.sum, product + o.product};
  }
  Moments operator-(const Moments& o) const { return {count - o.count, sum - o.sum, product - o.product}; }

  Gaussian gaussian() const {
    const double n = static_cast<double>(count);
    const Tensor outer = sum.reshape({-1, 1}) * sum.reshape({1, -1});
    return {sum * (1 / n), (product - outer * (1 / n)) * (1 / (n - 1)), count};
  }
};

// One side of distances, with what is worked out once: the root of its covariance.
class Distance {
 public:
  explicit Distance(const Gaussian& from) : mean_(from.mean), trace_(trace(from.covariance)) {
    static const Op eigh("aten::linalg_eigh(Tensor self, str UPLO=\"L\") -> (Tensor eigenvalues, Tensor eigenvectors)");
    const auto parts = eigh.multi(from.covariance);
    const Tensor roots = parts[0].clamp(0, HUGE_VAL).sqrt();  // rounding can make a zero negative
    root_ = (parts[1] * roots.reshape({1, -1})).matmul(parts[1].permute({1, 0}));
  }
  double operator()(const Gaussian& to) const {
    static const Op eigvalsh("aten::linalg_eigvalsh(Tensor self, str UPLO=\"L\") -> Tensor");
    const Tensor between = to.mean - mean_;
    const double roots = eigvalsh(root_.matmul(to.covariance).matmul(root_)).clamp(0, HUGE_VAL).sqrt().sum().item();
    return (between * between).sum().item() + trace_ + trace(to.covariance) - 2 * roots;
  }

 private:
  Tensor mean_, root_;
  double trace_;
};

}  // namespace fid
