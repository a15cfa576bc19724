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

  Tensor mean() const { return sum * (1.0 / static_cast<double>(count)); }
  Tensor covariance() const {  // with n - 1
    const Tensor outer = sum.reshape({-1, 1}) * sum.reshape({1, -1});
    return (product - outer * (1.0 / static_cast<double>(count))) * (1.0 / static_cast<double>(count - 1));
  }
};

inline double trace(const Tensor& a) {
  static const Op diagonal("aten::diagonal(Tensor(a) self, int offset=0, int dim1=0, int dim2=1) -> Tensor(a)");
  return diagonal(a).sum().item();
}

// One side, with what is worked out once: the root of its covariance.
class Side {
 public:
  explicit Side(const Moments& m) : mean_(m.mean()), trace_(trace(m.covariance())) {
    static const Op eigh("aten::linalg_eigh(Tensor self, str UPLO=\"L\") -> (Tensor eigenvalues, Tensor eigenvectors)");
    const auto parts = eigh.multi(m.covariance());
    const Tensor roots = parts[0].clamp(0, HUGE_VAL).sqrt();  // rounding can make a zero negative
    root_ = (parts[1] * roots.reshape({1, -1})).matmul(parts[1].permute({1, 0}));
  }
  double distance(const Moments& other) const {
    static const Op eigvalsh("aten::linalg_eigvalsh(Tensor self, str UPLO=\"L\") -> Tensor");
    const Tensor covariance = other.covariance(), between = other.mean() - mean_;
    const double roots = eigvalsh(root_.matmul(covariance).matmul(root_)).clamp(0, HUGE_VAL).sqrt().sum().item();
    return (between * between).sum().item() + trace_ + trace(covariance) - 2 * roots;
  }

 private:
  Tensor mean_, root_;
  double trace_;
};

}  // namespace fid
