// Reductions of tensors: over all elements, or over some dimensions.
#include <algorithm>
#include <cmath>

#include "script/numbers.hpp"
#include "script/tensor.hpp"

namespace basin::script {
namespace {

Tensor& self(Call& c) { return get<Tensor>(c.L, 1); }

// Means are of real numbers, also of integers' values.
Tensor as_real(const Tensor& x) { return x.is_floating_point() ? x : x.to(at::kFloat); }

Tensor nonempty(const Tensor& x, const char* what) {
  if (x.numel()) return x;
  throw Error(std::string("a tensor without elements has no ") + what);
}

int sum(Call& c) {
  const auto dims = dimensions(c, self(c));
  return give(c.L, dims.empty() ? self(c).sum() : self(c).sum(dims));
}
int mean(Call& c) {
  const auto dims = dimensions(c, self(c));
  return give(c.L, dims.empty() ? as_real(self(c)).mean() : as_real(self(c)).mean(dims));
}
int maximum(Call& c) {
  const auto dims = dimensions(c, self(c));
  return give(c.L, at::amax(nonempty(self(c), "largest one"), dims));
}
int minimum(Call& c) {
  const auto dims = dimensions(c, self(c));
  return give(c.L, at::amin(nonempty(self(c), "smallest one"), dims));
}
int variance(Call& c) {
  const auto dims = dimensions(c, self(c));
  return give(c.L, at::var(as_real(self(c)), at::OptionalIntArrayRef(dims), std::optional<at::Scalar>(0)));
}
int deviation(Call& c) {
  const auto dims = dimensions(c, self(c));
  return give(c.L, at::std(as_real(self(c)), at::OptionalIntArrayRef(dims), std::optional<at::Scalar>(0)));
}
int norm(Call& c) {
  const auto dims = dimensions(c, self(c));
  const at::OptionalIntArrayRef over = dims.empty() ? at::OptionalIntArrayRef() : at::OptionalIntArrayRef(dims);
  return give(c.L, at::linalg_vector_norm(as_real(self(c)), 2, over));
}

// ATen takes one dimension at a time: from the last one, so that those before keep their number.
template <Tensor (*of_all)(const Tensor&), Tensor (*of_one)(const Tensor&, int64_t)>
Tensor one_by_one(Call& c) {
  auto dims = dimensions(c, self(c));
  if (dims.empty()) return of_all(self(c));
  for (int64_t& d : dims) d = d < 0 ? d + self(c).dim() : d;
  std::sort(dims.rbegin(), dims.rend());
  dims.erase(std::unique(dims.begin(), dims.end()), dims.end());
  Tensor x = self(c);
  for (const int64_t d : dims) x = of_one(x, d);
  return x;
}
Tensor prod_all(const Tensor& x) { return x.prod(); }
Tensor prod_one(const Tensor& x, int64_t d) { return x.prod(d); }
Tensor any_all(const Tensor& x) { return x.any(); }
Tensor any_one(const Tensor& x, int64_t d) { return x.any(d); }
Tensor all_all(const Tensor& x) { return x.all(); }
Tensor all_one(const Tensor& x, int64_t d) { return x.all(d); }

int product(Call& c) { return give(c.L, one_by_one<prod_all, prod_one>(c)); }
// A tensor is true for Lua whatever is in it, so these give a boolean where they can.
int given_boolean(Call& c, const Tensor& x) { return x.dim() ? give(c.L, x) : give(c.L, x.item<bool>()); }
int any(Call& c) { return given_boolean(c, one_by_one<any_all, any_one>(c)); }
int all(Call& c) { return given_boolean(c, one_by_one<all_all, all_one>(c)); }

// Where the largest is, from 1: over all elements in their order, or along one dimension.
int place_of_largest(Call& c, const Tensor& x) {
  if (c.has("dim")) return give(c.L, at::argmax(x, dimension(x, c.integer("dim"))) + 1);
  return give(c.L, at::argmax(x).item<int64_t>() + 1);
}
int argmax(Call& c) { return place_of_largest(c, nonempty(self(c), "place of one")); }
int argmin(Call& c) { return place_of_largest(c, at::neg(nonempty(self(c), "place of one"))); }

int cumulated(Call& c) { return give(c.L, at::cumsum(self(c), dimension(self(c), c.integer("dim", 1)))); }
int sorted(Call& c) {
  const auto [values, places] = at::sort(self(c), dimension(self(c), c.integer("dim", -1)), c.boolean("descending"));
  give(c.L, values);
  give(c.L, places + 1);
  return 2;
}

// As numpy.quantile: between two elements on a line.
int quantile(Call& c) {
  const Tensor x = as_real(nonempty(self(c), "quantile"));
  const double q = c.number("q");
  if (c.has("dim")) return give(c.L, at::quantile(x, q, dimension(x, c.integer("dim"))));
  return give(c.L, at::quantile(x, q).item<double>());
}

// As numpy.histogram: bins of one width, of which the last holds both of its ends.
int histogram(Call& c) {
  const Tensor x = nonempty(self(c), "histogram").detach().to(at::kCPU, at::kDouble).flatten();
  const double low = c.has("low") ? c.number("low") : x.min().item<double>();
  const double high = c.has("high") ? c.number("high") : x.max().item<double>();
  if (!std::isfinite(low) || !std::isfinite(high) || low > high)
    throw Error("tensor:histogram goes from a finite 'low' to a finite 'high' that is not below it, got " +
                number_text(low) + " to " + number_text(high));
  const double around = low == high ? 0.5 : 0;  // of one value: a bin around it
  const auto [counts, edges] =
      at::histogram(x, c.integer("bins"), std::optional<c10::ArrayRef<double>>({low - around, high + around}));
  give(c.L, counts.to(at::kLong));
  give(c.L, edges.to(at::kFloat));
  return 2;
}

Function over_dims(const char* name, const char* summary, int (*body)(Call&), const char* example,
                   const char* returns = "tensor") {
  static const Field dims{"dims", "integers", "Dimensions from 1 on; without any: all of them.", "all"};
  return {{name, summary, {dims}, false, returns, example}, body};
}

}  // namespace

std::vector<Function> tensor_reductions() {
  static const Field dim{"dim", "integer", "A dimension; without one: over all elements, a number.", ""};
  return {
      over_dims("tensor:sum", "Adds up.", sum, "t:sum(2)"),
      over_dims("tensor:mean", "The mean.", mean, "(a - b):mean(2, 3, 4)"),
      over_dims("tensor:max", "The largest.", maximum, "t:max():item()"),
      over_dims("tensor:min", "The smallest.", minimum, "t:min(1)"),
      over_dims("tensor:prod", "The product.", product, "t:prod(1)"),
      over_dims("tensor:var", "The mean squared distance from the mean (divided by n, as NumPy does).", variance,
                "t:var(1)"),
      over_dims("tensor:std", "The square root of var.", deviation, "t:std():item()"),
      over_dims("tensor:norm", "The Euclidean length.", norm, "t:norm():item()"),
      over_dims("tensor:any", "Whether one is not 0.", any, "if t:isnan():any() then print \"nan\" end",
                "boolean|tensor (a boolean where no dimension is left)"),
      over_dims("tensor:all", "Whether none is 0.", all, "assert(t:isfinite():all())",
                "boolean|tensor (a boolean where no dimension is left)"),
      {{"tensor:argmax", "Where the largest is, from 1.", {dim}, false, "integer|tensor", "t:argmax(2)"}, argmax},
      {{"tensor:argmin", "Where the smallest is, from 1.", {dim}, false, "integer|tensor", "t:argmin()"}, argmin},
      {{"tensor:cumsum",
        "Sums of all up to each element.",
        {{"dim", "integer", "Along which dimension.", "1"}},
        false,
        "tensor",
        "t:cumsum(2)"},
       cumulated},
      {{"tensor:sort",
        "In order along a dimension, and where each came from, from 1.",
        {{"dim", "integer", "Along which dimension.", "-1"}, {"descending", "boolean", "The largest first.", "false"}},
        false,
        "tensor; tensor",
        "local sorted, places = t:sort(2)"},
       sorted},
      {{"tensor:quantile",
        "The number below which a share `q` of the elements lies, between two elements on a line.",
        {{"q", "number", "The share.", nullptr, 0, 1}, dim},
        false,
        "number|tensor",
        "t:quantile(0.5)"},
       quantile},
      {{"tensor:histogram",
        "How many elements lie in each of `bins` equal parts, and the bins + 1 edges; the last part holds both of its "
        "ends.",
        {{"bins", "integer", "How many parts.", "10", 1},
         {"low", "number", "Where the first begins; what lies below is not counted.", "the smallest"},
         {"high", "number", "Where the last ends.", "the largest"}},
        false,
        "tensor ([bins], int64); tensor ([bins + 1])",
        "local counts, edges = t:histogram(5)"},
       histogram},
  };
}

}  // namespace basin::script
