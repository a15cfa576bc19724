// Where tensors come from: nested lists, constants, ranges, random numbers, other tensors.
#include "abi/context.hpp"
#include "script/numbers.hpp"
#include "script/tensor.hpp"

namespace basin::script {
namespace {

// NaN and infinity are numbers of every real type; a finite number that a type cannot hold is a mistake, not infinity.
void check_fits(double value, at::ScalarType type) {
  if (type == at::kBool) return;
  double low = 0, high = 0;
  switch (type) {
    case at::kByte: low = 0, high = 255; break;
    case at::kInt: low = -2147483648.0, high = 2147483647.0; break;
    case at::kLong: low = -0x1p63, high = 0x1p63 - 1024; break;  // the double below 2^63
    case at::kFloat: high = std::numeric_limits<float>::max(), low = -high; break;
    case at::kBFloat16: high = std::numeric_limits<c10::BFloat16>::max(), low = -high; break;
    default: return;
  }
  const bool real = at::isFloatingType(type);
  if ((real && !std::isfinite(value)) || (value >= low && value <= high)) return;
  throw Error(number_text(value) + " does not fit into " + dtype_text(type) + ", which holds " + number_text(low) +
              " to " + number_text(high) +
              (std::isfinite(value) ? "; \"float64\" holds it" : "; \"float32\" holds it"));
}

void check_elements(double n) {
  if (!(n <= 1e12))  // not NaN
    throw Error("a tensor of " + number_text(n) + " elements is more than any memory holds; give smaller sizes");
}

// ---- from Lua tables -----------------------------------------------------------------------------------------------

struct Nested {
  std::vector<double> values;
  std::vector<int64_t> sizes;
  size_t depth = 0;  // of the numbers; 0 before the first
  bool truths = false, numbers = false;
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
    const int type = lua_type(L, -1);
    const Tensor* single = test<Tensor>(L, -1);
    if (type == LUA_TTABLE && out.depth != depth + 1) {
      if (depth + 1 >= 12) throw Error("basin.tensor takes lists nested 12 deep at most");
      flatten(L, lua_gettop(L), depth + 1, out);
    } else if ((type == LUA_TNUMBER || type == LUA_TBOOLEAN || (single && single->numel() == 1)) &&
               out.sizes.size() == depth + 1) {
      out.depth = depth + 1;
      (type == LUA_TBOOLEAN ? out.truths : out.numbers) = true;
      out.values.push_back(single                 ? single->item<double>()
                           : type == LUA_TBOOLEAN ? lua_toboolean(L, -1)
                                                  : lua_tonumber(L, -1));
    } else {
      throw Error("basin.tensor takes numbers and lists of numbers, all of one depth, got " + describe(L, -1));
    }
    lua_pop(L, 1);
  }
  if (out.truths && out.numbers) throw Error("basin.tensor takes numbers or booleans, not both in one list");
}

int make_tensor(Call& c) {
  const int at = c.index("values");
  const std::string dtype = c.string("dtype");
  if (const Tensor* given = test<Tensor>(c.L, at))
    return give(c.L, given->detach().to(dtype.empty() ? given->scalar_type() : type_named(dtype), false, true));
  if (lua_type(c.L, at) != LUA_TTABLE) {
    const Tensor one = operand(c.L, at);
    const at::ScalarType type = dtype.empty() ? at::kFloat : type_named(dtype);
    if (one.scalar_type() != at::kBool) check_fits(one.item<double>(), type);
    return give(c.L, one.to(type));
  }
  return give(c.L, tensor_from(c.L, at, dtype));
}

// ---- constants, ranges, random numbers -----------------------------------------------------------------------------

std::vector<int64_t> sizes_of(Call& c) {
  auto sizes = c.integers("sizes");
  for (const int64_t n : sizes)
    if (n < 0) throw Error("the sizes of a tensor are at least 0, got " + std::to_string(n));
  double elements = 1;
  for (const int64_t n : sizes) elements *= static_cast<double>(n);
  check_elements(elements);
  return sizes;
}

int filled(Call& c, double value) {
  const at::ScalarType type = type_named(c.string("dtype", "float32"));
  check_fits(value, type);
  return give(c.L, at::full(sizes_of(c), value, at::TensorOptions().dtype(type)));
}
int zeros(Call& c) { return filled(c, 0); }
int ones(Call& c) { return filled(c, 1); }
int full(Call& c) { return filled(c, c.number("value")); }
int eye(Call& c) {
  const int64_t n = c.integer("n");
  check_elements(static_cast<double>(n) * static_cast<double>(n));
  return give(c.L, at::eye(n, at::TensorOptions().dtype(type_named(c.string("dtype", "float32")))));
}

Tensor drawn(Call& c, int32_t distribution) {
  auto sizes = sizes_of(c);
  const int64_t id = 0;
  const basin_stream stream = stream_of(static_cast<uint64_t>(c.integer("seed")), BASIN_PURPOSE_SCRIPT);
  return draw(stream, distribution, {&id, 1}, sizes).reshape(sizes);
}
int given_real(Call& c, int32_t distribution) {
  return give(c.L, drawn(c, distribution).to(type_named(c.string("dtype", "float32"))));
}
int randn(Call& c) { return given_real(c, BASIN_NORMAL); }
int rand(Call& c) { return given_real(c, BASIN_UNIFORM); }

// The remainders of 32 random bits: among 2^24 integers some come more often than others by 0.4 % at most.
int randint(Call& c) {
  const int64_t first = c.integer("first"), last = c.integer("last");
  if (last < first)
    throw Error("basin.randint draws from 'first' to 'last', and " + std::to_string(last) + " is below " +
                std::to_string(first));
  const double count = static_cast<double>(last) - static_cast<double>(first) + 1;
  if (count > 0x1p24) throw Error("basin.randint draws among at most 2^24 integers, got " + number_text(count));
  return give(c.L, drawn(c, BASIN_BITS).to(at::kLong).remainder(static_cast<int64_t>(count)) + first);
}
// The order of as many random numbers; where two are equal, one in 2^32, they stay in theirs.
int permutation(Call& c) {
  const int64_t n = c.integer("n"), id = 0;
  check_elements(static_cast<double>(n));
  const basin_stream stream = stream_of(static_cast<uint64_t>(c.integer("seed")), BASIN_PURPOSE_SCRIPT);
  return give(c.L, draw(stream, BASIN_BITS, {&id, 1}, {n}).flatten().argsort(true, 0, false) + 1);
}

// As Lua's for: both ends are in it.
int range(Call& c) {
  const double first = c.number("first"), last = c.number("last"), step = c.number("step", 1);
  if (step == 0 || !std::isfinite(step))
    throw Error("basin.range: 'step' must be finite and not 0, got " + number_text(step));
  const double n = std::floor((last - first) / step * (1 + 1e-12)) + 1;
  if (!(n <= 1e9))
    throw Error("basin.range takes finite ends with at most 1e9 numbers between, got " + number_text(first) + " to " +
                number_text(last));
  const Tensor steps = at::arange(static_cast<int64_t>(std::max(n, 0.0)), at::TensorOptions().dtype(at::kDouble));
  return give(c.L, (steps * step + first).to(type_named(c.string("dtype", "float32"))));
}
int linspace(Call& c) {
  check_elements(static_cast<double>(c.integer("count")));
  return give(
      c.L, at::linspace(c.number("first"), c.number("last"), c.integer("count"), at::TensorOptions().dtype(at::kDouble))
               .to(type_named(c.string("dtype", "float32"))));
}

// ---- several into one ----------------------------------------------------------------------------------------------

std::vector<Tensor> tensors_of(Call& c) {
  std::vector<Tensor> list;
  const int at = c.index("tensors");
  for (lua_Integer i = 1, n = static_cast<lua_Integer>(lua_rawlen(c.L, at)); i <= n; ++i) {
    lua_rawgeti(c.L, at, i);
    list.push_back(operand(c.L, lua_gettop(c.L)));
    lua_pop(c.L, 1);
  }
  if (list.empty()) throw Error("there is no tensor in the list to put together");
  return list;
}
int cat(Call& c) {
  const auto list = tensors_of(c);
  return give(c.L, at::cat(list, dimension(list[0], c.integer("dim", 1))));
}
int stack(Call& c) {
  const auto list = tensors_of(c);
  return give(c.L, at::stack(list, dimension(list[0].unsqueeze(0), c.integer("dim", 1))));
}

}  // namespace

Tensor tensor_from(lua_State* L, int index, const std::string& dtype) {
  Nested nested;
  flatten(L, index, 0, nested);
  const at::ScalarType type = !dtype.empty() ? type_named(dtype) : nested.truths ? at::kBool : at::kFloat;
  for (const double value : nested.values) check_fits(value, type);
  return at::tensor(nested.values, at::kDouble).reshape(nested.sizes).to(type);
}

std::vector<Function> tensor_factories() {
  static const Field sizes{"sizes", "integer[]", "Its sizes."};
  static const Field seed{"seed", "integer", "Another seed, other numbers.", "0"};
  static const Field real{"dtype", "\"float32\"|\"float64\"|\"bfloat16\"",
                          "The type of its elements; drawn in float32.", "\"float32\""};
  static const Field dtype{"dtype", kDtypes, "The type of its elements.", "\"float32\""};
  return {
      {{"basin.tensor",
        "A tensor of the numbers in nested lists, or a copy of a tensor.",
        {{"values", "number|boolean|list|tensor", "A number, a list, a list of lists, ..."},
         {"dtype", kDtypes, "The type of its elements.", "\"float32\"; of booleans \"bool\""}},
        false,
        "tensor",
        "basin.tensor { { 1, 2 }, { 3, 4 } }"},
       make_tensor},
      {{"basin.zeros", "A tensor of zeros.", {sizes, dtype}, false, "tensor", "basin.zeros { 2, 3 }"}, zeros},
      {{"basin.ones", "A tensor of ones.", {sizes, dtype}, false, "tensor", "basin.ones { 2, 3 }"}, ones},
      {{"basin.full",
        "A tensor of one number.",
        {sizes, {"value", "number", "The number."}, dtype},
        false,
        "tensor",
        "basin.full({ 2, 3 }, 0.5)"},
       full},
      {{"basin.eye",
        "The identity matrix.",
        {{"n", "integer", "Rows and columns.", nullptr, 0}, dtype},
        false,
        "tensor ([n,n])",
        "basin.eye(3)"},
       eye},
      {{"basin.range",
        "Numbers from `first` to `last`, with both ends, as Lua's for counts.",
        {{"first", "number", "The first."},
         {"last", "number", "Not above."},
         {"step", "number", "The step.", "1"},
         dtype},
        false,
        "tensor",
        "basin.range(1, 10)"},
       range},
      {{"basin.linspace",
        "`count` numbers in equal steps from `first` to `last`.",
        {{"first", "number", "The first."},
         {"last", "number", "The last."},
         {"count", "integer", "How many.", nullptr, 0},
         dtype},
        false,
        "tensor",
        "basin.linspace(0, 1, 5)"},
       linspace},
      {{"basin.randn",
        "Standard normal numbers, a function of seed and sizes alone.",
        {sizes, seed, real},
        false,
        "tensor",
        "basin.randn({ 2, 3 }, 7)"},
       randn},
      {{"basin.rand",
        "Numbers uniform in (0, 1), a function of seed and sizes alone.",
        {sizes, seed, real},
        false,
        "tensor",
        "basin.rand({ 2, 3 }, 7)"},
       rand},
      {{"basin.randint",
        "Integers, each as likely, from `first` to `last`, with both.",
        {sizes, {"first", "integer", "The smallest."}, {"last", "integer", "The largest."}, seed},
        false,
        "tensor (int64)",
        "basin.randint({ 2, 3 }, 1, 6)"},
       randint},
      {{"basin.permutation",
        "The integers from 1 to `n` in random order, to pick rows by: t[basin.permutation(#t)].",
        {{"n", "integer", "How many.", nullptr, 0}, seed},
        false,
        "tensor (int64)",
        "basin.permutation(10)"},
       permutation},
      {{"basin.cat",
        "Tensors one after the other along a dimension they have.",
        {{"tensors", "tensor[]", "All alike but in that dimension."}, {"dim", "integer", "Which.", "1"}},
        false,
        "tensor",
        "basin.cat({ t, t }, 2)"},
       cat},
      {{"basin.stack",
        "Tensors of one shape along a new dimension.",
        {{"tensors", "tensor[]", "All alike."}, {"dim", "integer", "Where the new one stands.", "1"}},
        false,
        "tensor",
        "basin.stack { t, t }"},
       stack},
  };
}

}  // namespace basin::script
