// Arithmetic on tensors: operators with broadcasting, comparisons, functions of each element.
#include <algorithm>

#include "script/tensor.hpp"

namespace basin::script {
namespace {

Tensor& self(Call& c) { return get<Tensor>(c.L, 1); }

// ---- operators -----------------------------------------------------------------------------------------------------

// Sizes are matched from the last dimension on, as in NumPy; the sentence counts dimensions as scripts do.
void check_broadcast(const Tensor& a, const Tensor& b) {
  for (int64_t d = 1; d <= std::min(a.dim(), b.dim()); ++d)
    if (a.size(-d) != b.size(-d) && a.size(-d) != 1 && b.size(-d) != 1)
      throw Error(tensor_kind(a) + " and " + tensor_kind(b) + " do not fit: their dimensions -" + std::to_string(d) +
                  ", counted from the last, are " + std::to_string(a.size(-d)) + " and " + std::to_string(b.size(-d)) +
                  "; t:unsqueeze(dim) adds a dimension of size 1, which fits any");
}

template <Tensor (*with_tensor)(const Tensor&, const Tensor&)>
int binary(Call& c) {
  const Tensor a = operand(c.L, 1), b = operand(c.L, 2);
  check_broadcast(a, b);
  return give(c.L, with_tensor(a, b));
}
Tensor add(const Tensor& a, const Tensor& b) { return at::add(a, b); }
Tensor subtract(const Tensor& a, const Tensor& b) { return at::sub(a, b); }
Tensor multiply(const Tensor& a, const Tensor& b) { return at::mul(a, b); }
Tensor divide(const Tensor& a, const Tensor& b) { return at::div(a, b); }
Tensor floor_divide(const Tensor& a, const Tensor& b) { return at::floor_divide(a, b); }
Tensor remainder(const Tensor& a, const Tensor& b) { return at::remainder(a, b); }
Tensor power(const Tensor& a, const Tensor& b) { return at::pow(a, b); }
Tensor both(const Tensor& a, const Tensor& b) { return at::bitwise_and(a, b); }
Tensor either(const Tensor& a, const Tensor& b) { return at::bitwise_or(a, b); }
Tensor one_of(const Tensor& a, const Tensor& b) { return at::bitwise_xor(a, b); }

int negated(Call& c) { return give(c.L, at::neg(self(c))); }
int inverted(Call& c) { return give(c.L, at::bitwise_not(self(c))); }

// Lua makes one boolean of whatever == and < give, so == is of whole tensors, and < of single numbers.
int equal(Call& c) {
  if (!test<Tensor>(c.L, 1) || !test<Tensor>(c.L, 2)) return give(c.L, false);  // another kind of userdata
  const Tensor a = operand(c.L, 1), b = operand(c.L, 2);
  return give(c.L, a.sizes() == b.sizes() && a.device() == b.device() && at::eq(a, b).all().item<bool>());
}
double single(lua_State* L, int index) {
  const Tensor x = operand(L, index);
  if (x.numel() == 1) return x.item<double>();
  throw Error("< and > compare tensors of one element; a:lt(b) compares element by element");
}
int less(Call& c) { return give(c.L, single(c.L, 1) < single(c.L, 2)); }
int at_most(Call& c) { return give(c.L, single(c.L, 1) <= single(c.L, 2)); }

// ---- methods -------------------------------------------------------------------------------------------------------

template <Tensor (*with_tensor)(const Tensor&, const Tensor&)>
int with_other(Call& c) {
  const Tensor b = operand(c.L, c.index("other"));
  check_broadcast(self(c), b);
  return give(c.L, with_tensor(self(c), b));
}
Tensor equals(const Tensor& a, const Tensor& b) { return at::eq(a, b); }
Tensor differs(const Tensor& a, const Tensor& b) { return at::ne(a, b); }
Tensor below(const Tensor& a, const Tensor& b) { return at::lt(a, b); }
Tensor not_above(const Tensor& a, const Tensor& b) { return at::le(a, b); }
Tensor above(const Tensor& a, const Tensor& b) { return at::gt(a, b); }
Tensor not_below(const Tensor& a, const Tensor& b) { return at::ge(a, b); }
Tensor larger(const Tensor& a, const Tensor& b) { return at::where(at::ge(a, b), a, b); }
Tensor smaller(const Tensor& a, const Tensor& b) { return at::where(at::le(a, b), a, b); }

template <Tensor (*function)(const Tensor&)>
int unary(Call& c) {
  return give(c.L, function(self(c)));
}
Tensor absolute(const Tensor& a) { return at::abs(a); }
Tensor exponential(const Tensor& a) { return at::exp(a); }
Tensor logarithm(const Tensor& a) { return at::log(a); }
Tensor square_root(const Tensor& a) { return at::sqrt(a); }
Tensor sine(const Tensor& a) { return at::sin(a); }
Tensor cosine(const Tensor& a) { return at::cos(a); }
Tensor hyperbolic(const Tensor& a) { return at::tanh(a); }
Tensor logistic(const Tensor& a) { return at::sigmoid(a); }
Tensor down(const Tensor& a) { return at::floor(a); }
Tensor up(const Tensor& a) { return at::ceil(a); }
Tensor nearest_whole(const Tensor& a) { return at::round(a); }
Tensor signs(const Tensor& a) { return at::sign(a); }
Tensor finite(const Tensor& a) { return at::isfinite(a); }
Tensor nans(const Tensor& a) { return at::isnan(a); }

int clamp(Call& c) {
  std::optional<at::Scalar> low, high;
  if (c.has("low")) low = c.number("low");
  if (c.has("high")) high = c.number("high");
  if (!low && !high) return give(c.L, self(c));
  return give(c.L, at::clamp(self(c), low, high));
}
int where_true(Call& c) {
  if (self(c).scalar_type() != at::kBool)
    throw Error("where chooses by a tensor of booleans, such as a:lt(b), and this is " + tensor_kind(self(c)));
  return give(c.L, at::where(self(c), operand(c.L, c.index("yes")), operand(c.L, c.index("no"))));
}
// ATen's product is of one type; NumPy's widens, as + does.
int matmul(Call& c) {
  const Tensor &a = self(c), &b = get<Tensor>(c.L, c.index("other"));
  const auto type = at::promote_types(a.scalar_type(), b.scalar_type());
  return give(c.L, at::matmul(a.to(type), b.to(type)));
}

Function of_each(const char* name, const char* summary, int (*body)(Call&), const char* example) {
  return {{name, summary, {}, false, "tensor", example}, body};
}
Function compared(const char* name, const char* summary, int (*body)(Call&), const char* example) {
  static const Field other{"other", "tensor|number", "The right side."};
  return {{name, summary, {other}, false, "tensor", example}, body};
}

}  // namespace

// Numbers must not widen float32: ATen does that right only for wrapped numbers, which Scalars are.
Tensor operand(lua_State* L, int index) {
  if (const Tensor* tensor = test<Tensor>(L, index)) return *tensor;
  Tensor made;
  if (lua_type(L, index) == LUA_TBOOLEAN) return at::scalar_tensor(lua_toboolean(L, index) != 0, at::kBool);
  if (lua_type(L, index) != LUA_TNUMBER)
    throw Error("arithmetic on a tensor needs a tensor or a number, got " + describe(L, index));
  if (lua_isinteger(L, index)) made = at::scalar_tensor(lua_tointegerx(L, index, nullptr), at::kLong);
  else made = at::scalar_tensor(lua_tonumber(L, index), at::kDouble);
  made.unsafeGetTensorImpl()->set_wrapped_number(true);
  return made;
}

std::vector<std::pair<const char*, int (*)(Call&)>> tensor_operators() {
  return {{"__add", binary<add>},
          {"__sub", binary<subtract>},
          {"__mul", binary<multiply>},
          {"__div", binary<divide>},
          {"__mod", binary<remainder>},
          {"__idiv", binary<floor_divide>},
          {"__pow", binary<power>},
          {"__band", binary<both>},
          {"__bor", binary<either>},
          {"__bxor", binary<one_of>},
          {"__unm", negated},
          {"__bnot", inverted},
          {"__eq", equal},
          {"__lt", less},
          {"__le", at_most}};
}

std::vector<Function> tensor_functions() {
  return {
      of_each("tensor:abs", "Absolute values.", unary<absolute>, "t:abs()"),
      of_each("tensor:exp", "e to the power of each element.", unary<exponential>, "t:exp()"),
      of_each("tensor:log", "Natural logarithms.", unary<logarithm>, "t:abs():log()"),
      of_each("tensor:sqrt", "Square roots.", unary<square_root>, "t:abs():sqrt()"),
      of_each("tensor:sin", "Sines.", unary<sine>, "t:sin()"),
      of_each("tensor:cos", "Cosines.", unary<cosine>, "t:cos()"),
      of_each("tensor:tanh", "Hyperbolic tangents.", unary<hyperbolic>, "t:tanh()"),
      of_each("tensor:sigmoid", "1 / (1 + exp(-x)).", unary<logistic>, "t:sigmoid()"),
      of_each("tensor:floor", "The next whole number below.", unary<down>, "t:floor()"),
      of_each("tensor:ceil", "The next whole number above.", unary<up>, "t:ceil()"),
      of_each("tensor:round", "The nearest whole number; of two the even one.", unary<nearest_whole>, "t:round()"),
      of_each("tensor:sign", "-1, 0 or 1.", unary<signs>, "t:sign()"),
      of_each("tensor:isfinite", "True where an element is neither nan nor infinite.", unary<finite>,
              "t:isfinite():all()"),
      of_each("tensor:isnan", "True where an element is nan.", unary<nans>, "t:isnan():any()"),
      {{"tensor:clamp",
        "Values below `low` or above `high` are replaced by them.",
        {{"low", "number|nil", "The least.", ""}, {"high", "number", "The greatest.", ""}},
        false,
        "tensor",
        "t:clamp(-1, 1)"},
       clamp},
      compared("tensor:eq", "True where elements are equal; a == b says whether all are.", with_other<equals>,
               "t:eq(0)"),
      compared("tensor:ne", "True where elements differ.", with_other<differs>, "t:ne(0)"),
      compared("tensor:lt", "True where this is less.", with_other<below>, "t[t:lt(0)] = 0"),
      compared("tensor:le", "True where this is less or equal.", with_other<not_above>, "t:le(0)"),
      compared("tensor:gt", "True where this is greater.", with_other<above>, "t:gt(0):sum()"),
      compared("tensor:ge", "True where this is greater or equal.", with_other<not_below>, "t:ge(0)"),
      compared("tensor:maximum", "The larger of two, element by element.", with_other<larger>, "t:maximum(0)"),
      compared("tensor:minimum", "The smaller of two, element by element.", with_other<smaller>, "t:minimum(0)"),
      {{"tensor:where",
        "Of booleans: `yes` where it is true, `no` elsewhere.",
        {{"yes", "tensor|number", "Values where true."}, {"no", "tensor|number", "Values where false."}},
        false,
        "tensor",
        "t:gt(0):where(t, 0)"},
       where_true},
      {{"tensor:matmul",
        "Matrix product.",
        {{"other", "tensor", "The right side."}},
        false,
        "tensor",
        "t:matmul(t:transpose(1, 2))"},
       matmul},
  };
}

}  // namespace basin::script
