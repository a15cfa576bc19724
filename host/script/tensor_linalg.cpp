// Linear algebra on tensors, by the names of NumPy and torch.linalg: a matrix is the last two dimensions, those before
// are a batch. Integers' values are taken as float32; gradients flow through all of it.
#include "script/tensor.hpp"

namespace basin::script {
namespace {

// This tensor as matrices of real numbers [..., rows, columns] that LAPACK takes.
Tensor matrices(Call& c, const char* who) {
  Tensor x = get<Tensor>(c.L, 1);
  if (x.dim() < 2)
    throw Error(std::string(who) + " is of matrices [..., rows, columns], and this is " + tensor_kind(x));
  if (!x.is_floating_point()) x = x.to(at::kFloat);
  if (x.scalar_type() == at::kBFloat16)
    throw Error(std::string(who) + " computes in float32 or float64: t:to \"float32\" first");
  return x;
}
Tensor square(Call& c, const char* who) {
  Tensor x = matrices(c, who);
  if (x.size(-1) == x.size(-2)) return x;
  throw Error(std::string(who) + " is of square matrices, and this is " + tensor_kind(x));
}
// The iterations behind it end in no number where one is missing.
Tensor finite(Tensor x, const char* who) {
  if (at::isfinite(x).all().item<bool>()) return x;
  throw Error(std::string(who) + " is of finite numbers, and this matrix has nan or infinity in it");
}
// LAPACK's `info`: 0 where it went well, for each matrix of a batch.
bool failed(const Tensor& info) { return info.ne(0).any().item<bool>(); }

int trace(Call& c) { return give(c.L, at::diagonal(matrices(c, "trace"), 0, -2, -1).sum(-1)); }
int diagonal(Call& c) { return give(c.L, at::diagonal(matrices(c, "diagonal"), 0, -2, -1)); }
int determinant(Call& c) { return give(c.L, at::linalg_det(square(c, "det"))); }
int signed_logarithm(Call& c) {
  const auto [sign, logarithm] = at::linalg_slogdet(square(c, "slogdet"));
  return give(c.L, sign) + give(c.L, logarithm);
}

int dot(Call& c) {
  const Tensor &a = get<Tensor>(c.L, 1), &b = get<Tensor>(c.L, c.index("other"));
  if (a.dim() != 1 || a.sizes() != b.sizes())
    throw Error("dot is of two vectors of one length, got " + tensor_kind(a) + " and " + tensor_kind(b) +
                "; t:matmul(other) is there for matrices");
  return give(c.L, at::mul(a, b).sum());
}

constexpr const char* kSingular =
    ": this matrix is singular, its rows do not span the space; t:pinverse() is there for it";
int inverse(Call& c) {
  const auto [inverse, info] = at::linalg_inv_ex(square(c, "inverse"));
  if (failed(info)) throw Error(std::string("inverse") + kSingular);
  return give(c.L, inverse);
}
int pseudo_inverse(Call& c) { return give(c.L, at::linalg_pinv(finite(matrices(c, "pinverse"), "pinverse"))); }

int solve(Call& c) {
  Tensor a = square(c, "solve"), b = get<Tensor>(c.L, c.index("right"));
  const auto type = at::promote_types(a.scalar_type(), b.scalar_type());
  a = a.to(type), b = b.to(type);
  const bool vector = b.dim() == 1;
  const int64_t rows = b.dim() ? b.size(vector ? 0 : -2) : 0;
  if (rows != a.size(-1)) {
    throw Error("solve: the right side is [n] or [..., n, k] for a matrix of n rows, got " + tensor_kind(b) + " for " +
                tensor_kind(a));
  }
  const auto [x, info] = at::linalg_solve_ex(a, vector ? b.unsqueeze(-1) : b);
  if (failed(info)) throw Error(std::string("solve") + kSingular);
  return give(c.L, vector ? x.squeeze(-1) : x);
}

// Half a matrix is all that LAPACK reads of a symmetric one; the other half must not say something else.
Tensor symmetric(Call& c, const char* who) {
  Tensor x = finite(square(c, who), who);
  if (!x.numel()) return x;
  const double off = (x - x.mT()).abs().max().item<double>(), scale = x.abs().max().item<double>();
  if (off <= (x.scalar_type() == at::kDouble ? 1e-10 : 1e-4) * scale) return x;
  char text[160];
  std::snprintf(text, sizeof text,
                "%s is of symmetric matrices, and here elements across the diagonal differ by up to %.3g", who, off);
  throw Error(std::string(text) + "; (t + t:transpose(-1, -2)) / 2 is its symmetric part");
}
int cholesky(Call& c) {
  const auto [factor, info] = at::linalg_cholesky_ex(symmetric(c, "cholesky"));
  if (failed(info)) throw Error("cholesky: this matrix is not positive definite; (t:eigh()) gives its eigenvalues");
  return give(c.L, factor);
}
int eigen(Call& c) {
  const auto [values, vectors] = at::linalg_eigh(symmetric(c, "eigh"));
  return give(c.L, values) + give(c.L, vectors);
}
int singular_values(Call& c) {
  const auto [u, s, vh] = at::linalg_svd(finite(matrices(c, "svd"), "svd"), /*full_matrices=*/false);
  return give(c.L, u) + give(c.L, s) + give(c.L, vh);
}

}  // namespace

std::vector<Function> tensor_linear_algebra() {
  return {
      {{"tensor:diagonal",
        "The elements (i, i) of a matrix, sharing its memory; basin.eye(n) * v is the way back.",
        {},
        false,
        "tensor",
        "basin.eye(3):diagonal()"},
       diagonal},
      {{"tensor:dot",
        "The sum of the products of two vectors.",
        {{"other", "tensor", "As long."}},
        false,
        "tensor",
        "basin.range(1, 3):dot(basin.ones { 3 })"},
       dot},
      {{"tensor:trace", "The sum of the diagonal.", {}, false, "tensor", "basin.eye(3):trace():item()"}, trace},
      {{"tensor:det", "The determinant.", {}, false, "tensor", "(2 * basin.eye(3)):det():item()"}, determinant},
      {{"tensor:slogdet",
        "The determinant's sign and the logarithm of its absolute value, where det would overflow.",
        {},
        false,
        "tensor; tensor",
        "local sign, log_det = (2 * basin.eye(3)):slogdet()"},
       signed_logarithm},
      {{"tensor:inverse",
        "The inverse of a square matrix. a:solve(b) is more accurate than a:inverse():matmul(b).",
        {},
        false,
        "tensor",
        "(2 * basin.eye(3)):inverse()"},
       inverse},
      {{"tensor:pinverse",
        "The pseudo-inverse of Moore and Penrose of any matrix: t:pinverse():matmul(b) is the shortest x of least "
        "squares.",
        {},
        false,
        "tensor ([..., columns, rows])",
        "t:pinverse()"},
       pseudo_inverse},
      {{"tensor:solve",
        "The x with a:matmul(x) equal to the right side, a being this square matrix.",
        {{"right", "tensor", "[n], or [..., n, k] for k of them at once."}},
        false,
        "tensor",
        "(2 * basin.eye(3)):solve(basin.ones { 3 })"},
       solve},
      {{"tensor:cholesky",
        "The lower triangular l with l:matmul(l:transpose(1, 2)) equal to this symmetric positive definite matrix.",
        {},
        false,
        "tensor",
        "(2 * basin.eye(3)):cholesky()"},
       cholesky},
      {{"tensor:eigh",
        "Eigenvalues of a symmetric matrix, the least first, and its eigenvectors of length 1 as columns.",
        {},
        false,
        "tensor ([..., n]); tensor ([..., n, n])",
        "local values, vectors = t:matmul(t:transpose(1, 2)):eigh()"},
       eigen},
      {{"tensor:svd",
        "u, s and v of a matrix u * s * v: orthonormal columns, singular values with the largest first, orthonormal "
        "rows (NumPy's full_matrices=False).",
        {},
        false,
        "tensor; tensor; tensor",
        "local u, s, v = t:svd() print((u * s):matmul(v))"},
       singular_values},
  };
}

}  // namespace basin::script
