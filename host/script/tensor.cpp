// Tensors in scripts, see the header.
#include "script/tensor.hpp"

#include <cinttypes>

#include "abi/context.hpp"
#include "plugin/value.hpp"
#include "script/numbers.hpp"

namespace basin::script {
namespace {

Tensor& self(Call& c) { return get<Tensor>(c.L, 1); }

// A tensor, or a number as a tensor without dimensions, which takes the other side's dtype.
Tensor operand(lua_State* L, int index) {
  if (const Tensor* tensor = test<Tensor>(L, index)) return *tensor;
  if (lua_type(L, index) == LUA_TNUMBER) {
    int whole = 0;
    const lua_Integer integer = lua_tointegerx(L, index, &whole);
    if (lua_isinteger(L, index)) return at::scalar_tensor(integer, at::kLong).squeeze();
    return at::scalar_tensor(lua_tonumber(L, index), at::kDouble);
  }
  throw Error("arithmetic on a tensor needs a tensor or a number, got " + describe(L, index));
}

// Numbers must not widen float32: ATen does that right only for wrapped numbers, which Scalars are.
template <Tensor (*with_tensor)(const Tensor&, const Tensor&)>
int binary(Call& c) {
  Tensor a = operand(c.L, 1), b = operand(c.L, 2);
  if (!test<Tensor>(c.L, 1)) a.unsafeGetTensorImpl()->set_wrapped_number(true);
  if (!test<Tensor>(c.L, 2)) b.unsafeGetTensorImpl()->set_wrapped_number(true);
  return give(c.L, with_tensor(a, b));
}
Tensor add(const Tensor& a, const Tensor& b) { return at::add(a, b); }
Tensor subtract(const Tensor& a, const Tensor& b) { return at::sub(a, b); }
Tensor multiply(const Tensor& a, const Tensor& b) { return at::mul(a, b); }
Tensor divide(const Tensor& a, const Tensor& b) { return at::div(a, b); }
Tensor power(const Tensor& a, const Tensor& b) { return at::pow(a, b); }

template <Tensor (*function)(const Tensor&)>
int unary(Call& c) {
  return give(c.L, function(self(c)));
}
Tensor absolute(const Tensor& a) { return at::abs(a); }
Tensor exponential(const Tensor& a) { return at::exp(a); }
Tensor logarithm(const Tensor& a) { return at::log(a); }
Tensor square_root(const Tensor& a) { return at::sqrt(a); }
Tensor negative(const Tensor& a) { return at::neg(a); }
Tensor detached(const Tensor& a) { return a.detach(); }
Tensor copied(const Tensor& a) { return a.detach().clone(); }

int64_t dimension(const Tensor& tensor, int64_t given) {
  if (given == 0 || std::abs(given) > tensor.dim()) {
    throw Error("dimension " + std::to_string(given) + " is not one of this tensor's " + std::to_string(tensor.dim()) +
                ": they count from 1, or from the end with -1");
  }
  return given > 0 ? given - 1 : given;
}

std::vector<int64_t> dimensions(Call& c, const Tensor& tensor) {
  std::vector<int64_t> dims = c.integers("dims");
  for (int64_t& d : dims) d = dimension(tensor, d);
  return dims;
}

int sum(Call& c) {
  const auto dims = dimensions(c, self(c));
  return give(c.L, dims.empty() ? self(c).sum() : self(c).sum(dims));
}
int mean(Call& c) {
  const auto dims = dimensions(c, self(c));
  const Tensor x = self(c).is_floating_point() ? self(c) : self(c).to(at::kFloat);
  return give(c.L, dims.empty() ? x.mean() : x.mean(dims));
}
int maximum(Call& c) {
  const auto dims = dimensions(c, self(c));
  return give(c.L, dims.empty() ? self(c).max() : at::amax(self(c), dims));
}
int minimum(Call& c) {
  const auto dims = dimensions(c, self(c));
  return give(c.L, dims.empty() ? self(c).min() : at::amin(self(c), dims));
}

int item(Call& c) {
  const Tensor& x = self(c);
  if (x.numel() != 1)
    throw Error("item() is of a tensor with one element, and this one has " + std::to_string(x.numel()));
  if (x.is_floating_point()) return give(c.L, x.item<double>());
  return give(c.L, x.item<int64_t>());
}

int shape(Call& c) { return give(c.L, self(c).sizes().vec()); }
int reshape(Call& c) { return give(c.L, self(c).reshape(c.integers("sizes"))); }
int clamp(Call& c) {
  std::optional<at::Scalar> low, high;
  if (c.has("low")) low = c.number("low");
  if (c.has("high")) high = c.number("high");
  return give(c.L, at::clamp(self(c), low, high));
}
int matmul(Call& c) { return give(c.L, at::matmul(self(c), get<Tensor>(c.L, c.index("other")))); }
int transpose(Call& c) {
  const Tensor& x = self(c);
  return give(c.L, x.transpose(dimension(x, c.integer("first")), dimension(x, c.integer("second"))));
}

int require_gradient(Call& c) {
  if (!self(c).is_floating_point())
    throw Error("gradients are of tensors of real numbers, and this one holds integers");
  return give(c.L, self(c).detach().requires_grad_(true));
}
int gradient(Call& c) {
  const Tensor& of = get<Tensor>(c.L, c.index("of"));
  if (!self(c).requires_grad() || !of.requires_grad()) {
    throw Error("nothing to differentiate: make the input with x:require_gradient() first and compute from that");
  }
  auto found =
      torch::autograd::grad({self(c).sum()}, {of}, {}, /*retain_graph=*/true, /*create_graph=*/c.boolean("again"),
                            /*allow_unused=*/true);
  return give(c.L, found[0].defined() ? found[0] : at::zeros_like(of));
}

// ---- to and from Lua tables ----------------------------------------------------------------------------------------

struct Nested {
  std::vector<double> values;
  std::vector<int64_t> sizes;
  bool whole = true;  // integers only
  size_t depth = 0;   // of the numbers; 0 before the first
};

void flatten(lua_State* L, int at, size_t depth, Nested& out) {
  luaL_checkstack(L, 4, nullptr);
  const auto n = static_cast<lua_Integer>(lua_rawlen(L, at));
  if (out.sizes.size() == depth) out.sizes.push_back(n);
  if (out.sizes[depth] != n)
    throw Error("basin.tensor takes lists of equal length, got " + std::to_string(out.sizes[depth]) + " and " +
                std::to_string(n) + " elements side by side");
  for (lua_Integer i = 1; i <= n; ++i) {
    lua_rawgeti(L, at, i);
    if (lua_type(L, -1) == LUA_TTABLE && out.depth != depth + 1) {
      if (depth + 1 >= 12) throw Error("basin.tensor takes lists nested 12 deep at most");
      flatten(L, lua_gettop(L), depth + 1, out);
    } else if (lua_type(L, -1) == LUA_TNUMBER && (out.sizes.size() == depth + 1)) {
      out.depth = depth + 1;
      out.whole = out.whole && lua_isinteger(L, -1);
      out.values.push_back(lua_tonumber(L, -1));
    } else {
      throw Error("basin.tensor takes numbers and lists of numbers, all of one depth, got " + describe(L, -1));
    }
    lua_pop(L, 1);
  }
}

at::ScalarType type_named(const std::string& name) {
  if (name == "float32") return at::kFloat;
  if (name == "float64") return at::kDouble;
  if (name == "int64") return at::kLong;
  if (name == "uint8") return at::kByte;
  throw Error("a tensor's type is float32, float64, int64 or uint8, got '" + name + "'");
}

int make_tensor(Call& c) {
  const int at = c.index("values");
  const at::ScalarType type = type_named(c.string("dtype", "float32"));
  if (lua_type(c.L, at) == LUA_TNUMBER) return give(c.L, at::scalar_tensor(lua_tonumber(c.L, at), type));
  Nested nested;
  flatten(c.L, at, 0, nested);
  return give(c.L, at::tensor(nested.values, at::kDouble).reshape(nested.sizes).to(type));
}

int push_nested(lua_State* L, const Tensor& x) {
  luaL_checkstack(L, 4, nullptr);
  if (x.dim() == 0) return x.is_floating_point() ? give(L, x.item<double>()) : give(L, x.item<int64_t>());
  const int64_t n = x.size(0);
  lua_createtable(L, static_cast<int>(n), 0);
  if (x.dim() == 1 && x.scalar_type() == at::kDouble) {
    const double* values = x.const_data_ptr<double>();
    for (int64_t i = 0; i < n; ++i) lua_pushnumber(L, values[i]), lua_rawseti(L, -2, i + 1);
  } else if (x.dim() == 1) {
    const int64_t* values = x.const_data_ptr<int64_t>();
    for (int64_t i = 0; i < n; ++i) lua_pushinteger(L, values[i]), lua_rawseti(L, -2, i + 1);
  } else {
    for (int64_t i = 0; i < n; ++i) push_nested(L, x[i]), lua_rawseti(L, -2, i + 1);
  }
  return 1;
}
int to_table(Call& c) {
  const Tensor& x = self(c);
  return push_nested(c.L, x.detach().to(at::kCPU, x.is_floating_point() ? at::kDouble : at::kLong).contiguous());
}

int filled(Call& c, double value) {
  return give(c.L, at::full(c.integers("sizes"), value, at::TensorOptions().dtype(at::kFloat)));
}
int zeros(Call& c) { return filled(c, 0); }
int ones(Call& c) { return filled(c, 1); }
int randn(Call& c) {
  auto sizes = c.integers("sizes");
  if (sizes.empty()) throw Error("basin.randn needs 'sizes', a list of integers: { 4, 3 }");
  const int64_t id = 0;
  const basin_stream stream = stream_of(static_cast<uint64_t>(c.integer("seed")), BASIN_PURPOSE_SCRIPT);
  return give(c.L, draw(stream, BASIN_NORMAL, {&id, 1}, sizes).reshape(sizes));
}

int element(Call& c) {  // t[i]: the i-th of the first dimension
  const Tensor& x = self(c);
  int whole = 0;
  const int64_t i = lua_tointegerx(c.L, 2, &whole);
  if (lua_type(c.L, 2) != LUA_TNUMBER || !whole) {
    std::vector<std::string> names;
    for (const Function& method : type_at(c.L, 1)->methods) names.push_back(method.record.name + sizeof "tensor:" - 1);
    const std::string near = nearest(text_at(c.L, 2), names);
    throw Error("a tensor has no " +
                (lua_type(c.L, 2) == LUA_TSTRING ? "'" + text_at(c.L, 2) + "'" : "element " + describe(c.L, 2)) +
                (near.empty() ? "; it has elements t[1], t[2], ... and methods: help(t) lists them."
                              : "; did you mean '" + near + "'?"));
  }
  if (x.dim() == 0) throw Error("a tensor without dimensions has no elements; t:item() is its number");
  const int64_t n = x.size(0);
  if (i == 0 || i > n || i < -n) {
    throw Error("index " + std::to_string(i) + " is outside the first dimension, 1 to " + std::to_string(n));
  }
  return give(c.L, x[i > 0 ? i - 1 : i + n]);
}
int length(Call& c) { return give(c.L, self(c).dim() ? self(c).size(0) : int64_t{1}); }
int text(Call& c) { return give(c.L, tensor_text(self(c))); }
int dtype_name(Call& c) {
  switch (self(c).scalar_type()) {
    case at::kFloat: return give(c.L, "float32");
    case at::kDouble: return give(c.L, "float64");
    case at::kLong: return give(c.L, "int64");
    case at::kByte: return give(c.L, "uint8");
    case at::kBFloat16: return give(c.L, "bfloat16");
    default: return give(c.L, std::string(at::toString(self(c).scalar_type())));
  }
}
int device_name(Call& c) { return give(c.L, self(c).device().str()); }

const Field dims{"dims", "integers", "Dimensions from 1 on; without any: all of them.", "all"};

const Type& type() {
  static const Type t{
      .name = "tensor",
      .summary = "Numbers in an array, with + - * / ^ between tensors and numbers (broadcasting), t[i] from 1, #t.",
      .methods =
          {
              {{"tensor:sum",
                "Adds up, over all elements or some dimensions.",
                {dims},
                false,
                "a tensor",
                "t:sum(2, 3)"},
               sum},
              {{"tensor:mean",
                "The mean, over all elements or some dimensions.",
                {dims},
                false,
                "a tensor",
                "(a - b):mean(2, 3, 4)"},
               mean},
              {{"tensor:max", "The largest, over all elements or some dimensions.", {dims}, false, "a tensor"},
               maximum},
              {{"tensor:min", "The smallest, over all elements or some dimensions.", {dims}, false, "a tensor"},
               minimum},
              {{"tensor:item", "The number in a tensor of one element.", {}, false, "a number", "t:sum():item()"},
               item},
              {{"tensor:shape", "The sizes of its dimensions.", {}, false, "a list of integers"}, shape},
              {{"tensor:reshape",
                "The same elements in another shape; -1 once stands for what is left.",
                {{"sizes", "integers", "The new sizes."}},
                false,
                "a tensor",
                "t:reshape(2, -1)"},
               reshape},
              {{"tensor:transpose",
                "Two dimensions swapped.",
                {{"first", "integer", "One of them."}, {"second", "integer", "The other."}},
                false,
                "a tensor"},
               transpose},
              {{"tensor:totable", "Its numbers as nested lists.", {}, false, "a list"}, to_table},
              {{"tensor:abs", "Absolute values.", {}, false, "a tensor"}, unary<absolute>},
              {{"tensor:exp", "e to the power of each element.", {}, false, "a tensor"}, unary<exponential>},
              {{"tensor:log", "Natural logarithms.", {}, false, "a tensor"}, unary<logarithm>},
              {{"tensor:sqrt", "Square roots.", {}, false, "a tensor"}, unary<square_root>},
              {{"tensor:clamp",
                "Values below `low` or above `high` are replaced by them.",
                {{"low", "number|nil", "The least.", ""}, {"high", "number", "The greatest.", ""}},
                false,
                "a tensor"},
               clamp},
              {{"tensor:matmul", "Matrix product.", {{"other", "tensor", "The right side."}}, false, "a tensor"},
               matmul},
              {{"tensor:copy", "A copy of the values, outside every gradient.", {}, false, "a tensor"}, unary<copied>},
              {{"tensor:detach", "The same values, where no gradient flows.", {}, false, "a tensor"}, unary<detached>},
              {{"tensor:require_gradient",
                "The same values as the start of something to differentiate.",
                {},
                false,
                "a tensor",
                "x = x:require_gradient(); y = (x * x):sum(); y:gradient(x)"},
               require_gradient},
              {{"tensor:gradient",
                "The gradient of the sum of this tensor.",
                {{"of", "tensor", "With respect to what."},
                 {"again", "boolean", "The result can be differentiated again.", "false"}},
                false,
                "a tensor"},
               gradient},
          },
      .properties = {{"dtype", "float32, float64, int64, uint8, ...", dtype_name},
                     {"device", "cpu or cuda:0.", device_name}},
      .operators = {{"__add", binary<add>},
                    {"__sub", binary<subtract>},
                    {"__mul", binary<multiply>},
                    {"__div", binary<divide>},
                    {"__pow", binary<power>},
                    {"__unm", unary<negative>},
                    {"__len", length},
                    {"__tostring", text},
                    {"__index", element}},
  };
  return t;
}

const std::vector<Function>& factories() {
  static const Field sizes{"sizes", "list", "Its sizes."};
  static const std::vector<Function> list{
      {{"basin.tensor",
        "A tensor of the numbers in nested lists.",
        {{"values", "number|list", "A number, a list, a list of lists, ..."},
         {"dtype", "string", "float32, float64, int64 or uint8.", "\"float32\""}},
        false,
        "a tensor",
        "basin.tensor { { 1, 2 }, { 3, 4 } }"},
       make_tensor},
      {{"basin.zeros", "A tensor of zeros.", {sizes}, false, "a tensor", "basin.zeros { 2, 3 }"}, zeros},
      {{"basin.ones", "A tensor of ones.", {sizes}, false, "a tensor", "basin.ones { 2, 3 }"}, ones},
      {{"basin.randn",
        "Standard normal numbers, a function of seed and sizes alone.",
        {sizes, {"seed", "integer", "Another seed, other numbers.", "0"}},
        false,
        "a tensor",
        "basin.randn({ 2, 3 }, 7)"},
       randn},
  };
  return list;
}

}  // namespace

std::string tensor_text(const Tensor& tensor) {
  std::string out = "tensor [";
  for (int64_t i = 0; i < tensor.dim(); ++i) out += (i ? "," : "") + std::to_string(tensor.size(i));
  std::string type = at::toString(tensor.scalar_type());
  for (const auto& [theirs, ours] : {std::pair{"Float", "float32"},
                                     {"Double", "float64"},
                                     {"Long", "int64"},
                                     {"Byte", "uint8"},
                                     {"BFloat16", "bfloat16"},
                                     {"Bool", "bool"},
                                     {"Int", "int32"}}) {
    if (type == theirs) type = ours;
  }
  out += "] " + type + " " + tensor.device().str();
  if (!tensor.numel()) return out + ": empty";
  const Tensor values = tensor.detach().flatten().to(at::kCPU, at::kDouble);
  out += ":";
  for (int64_t i = 0; i < std::min<int64_t>(values.numel(), 6); ++i) out += " " + number_text(values[i].item<double>());
  if (values.numel() > 6) {
    out += " ..., from " + number_text(values.min().item<double>()) + " to " + number_text(values.max().item<double>());
  }
  return out;
}

void add_tensors(lua_State* L, int library) {
  add_type<Tensor>(L, type());
  for (const Function& function : factories()) {
    push(L, function);
    lua_setfield(L, library, function.record.name + sizeof "basin." - 1);
  }
}

}  // namespace basin::script
