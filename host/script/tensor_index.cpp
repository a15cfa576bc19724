// t[...]: elements and parts of tensors.
//
//   t[i]                   row i: from 1, or from the end with -1                              a view
//   t[{ i, {a, b}, {} }]   one entry a dimension: an index, a range with both ends (and a step), all       a view
//   t[mask]                the elements where a tensor of booleans is true                     a copy
//   t[rows], t[{ {}, columns }]   a tensor of integers, from 1: these, in this order           a copy
//
// A view shares its numbers: writing to it changes the tensor it came from. t[key] = value writes.
#include <algorithm>

#include "plugin/value.hpp"
#include "script/numpy.hpp"
#include "script/tensor.hpp"

namespace basin::script {
namespace {

// What a key picks: a view, and along one of its dimensions perhaps a list of places, or a mask over its first ones.
struct Part {
  Tensor view, places, mask;
  int64_t along = 0;
};

int64_t place(int64_t given, int64_t n, int64_t dim) {
  if (given == 0 || given > n || given < -n)
    throw Error("index " + std::to_string(given) + " is outside " +
                (dim == 0 ? "the first dimension" : "dimension " + std::to_string(dim + 1)) + ", 1 to " +
                std::to_string(n));
  return given > 0 ? given - 1 : given + n;
}

// Places from 1 or from the end, or a mask of one dimension -> places from 0.
Tensor places_of(const Tensor& given, int64_t n, int64_t dim) {
  if (given.dim() != 1) throw Error("a list of places is a tensor of one dimension, got " + tensor_kind(given));
  if (given.scalar_type() == at::kBool) {
    if (given.size(0) != n)
      throw Error("a mask of " + std::to_string(given.size(0)) + " does not fit a dimension of " + std::to_string(n));
    return at::nonzero(given).flatten();
  }
  if (!at::isIntegralType(given.scalar_type(), false))
    throw Error("a tensor that picks elements holds integers or booleans, got " + tensor_kind(given));
  const Tensor at = given.to(at::kLong);
  const Tensor outside = at.eq(0) | at.gt(n) | at.lt(-n);
  if (outside.any().item<bool>()) place(at.masked_select(outside)[0].item<int64_t>(), n, dim);
  return at::where(at.gt(0), at - 1, at + n);
}

int64_t whole_at(lua_State* L, int table, lua_Integer i, int64_t otherwise) {
  lua_rawgeti(L, table, i);
  int whole = 0;
  const int64_t value = lua_isnil(L, -1) ? otherwise : lua_tointegerx(L, -1, &whole);
  if (!whole && !lua_isnil(L, -1)) throw Error("a range is { first, last, step }, integers, got " + describe(L, -1));
  lua_pop(L, 1);
  return value;
}

// { first, last, step } of dimension d; {} is all of it.
Tensor ranged(lua_State* L, int table, const Tensor& x, int64_t d, int64_t dim) {
  const auto entries = lua_rawlen(L, table);
  if (entries == 0) return x;
  if (entries == 1 || entries > 3)
    throw Error("a range is { first, last } or { first, last, step }, and {} is all; to the end is { first, -1 }");
  const int64_t n = x.size(d), step = whole_at(L, table, 3, 1);
  if (step < 1) throw Error("the step of a range is at least 1, got " + std::to_string(step) + "; t:flip turns around");
  const int64_t from = whole_at(L, table, 1, 1), to = whole_at(L, table, 2, n);
  const int64_t first = from == n + 1 ? n : place(from, n, dim), last = to == 0 ? -1 : place(to, n, dim);
  return x.slice(d, first, std::max(first, last + 1), step);
}

Part part_of(lua_State* L, const Tensor& x, int table) {
  Part part{x, {}, {}, 0};
  const auto entries = static_cast<lua_Integer>(lua_rawlen(L, table));
  if (entries > x.dim())
    throw Error("the index has " + std::to_string(entries) + " entries, and the tensor " + std::to_string(x.dim()) +
                " dimensions");
  int64_t d = 0;  // of the view: an index takes a dimension away
  for (lua_Integer i = 1; i <= entries; ++i) {
    lua_rawgeti(L, table, i);
    int whole = 0;
    const int64_t index = lua_tointegerx(L, -1, &whole);
    if (lua_type(L, -1) == LUA_TNUMBER && whole) {
      part.view = part.view.select(d, place(index, part.view.size(d), i - 1));
      if (part.places.defined() && d < part.along) --part.along;
    } else if (lua_type(L, -1) == LUA_TTABLE) {
      part.view = ranged(L, lua_gettop(L), part.view, d, i - 1);
      ++d;
    } else if (const Tensor* given = test<Tensor>(L, -1); given && !part.places.defined()) {
      part.places = places_of(*given, part.view.size(d), i - 1);
      part.along = d++;
    } else {
      throw Error("an entry of an index is an integer, a range { first, last }, {} for all, or one tensor, got " +
                  describe(L, -1));
    }
    lua_pop(L, 1);
  }
  return part;
}

Part part_at(lua_State* L, const Tensor& x, int key) {
  if (lua_type(L, key) == LUA_TTABLE) return part_of(L, x, key);
  if (x.dim() == 0) throw Error("a tensor without dimensions has no elements; t:item() is its number");
  if (const Tensor* given = test<Tensor>(L, key)) {
    if (given->scalar_type() != at::kBool || given->dim() == 1) return {x, places_of(*given, x.size(0), 0), {}, 0};
    if (given->dim() > x.dim() || given->sizes() != x.sizes().slice(0, static_cast<size_t>(given->dim())))
      throw Error("the mask, " + tensor_kind(*given) + ", does not fit " + tensor_kind(x));
    return {x, {}, *given, 0};
  }
  int whole = 0;
  const int64_t index = lua_tointegerx(L, key, &whole);
  if (lua_type(L, key) == LUA_TNUMBER && whole) return {x.select(0, place(index, x.size(0), 0)), {}, {}, 0};
  std::vector<std::string> names;
  for (const Function& method : type_at(L, 1)->methods) names.push_back(method.record.name + sizeof "tensor:" - 1);
  const std::string word = text_at(L, key);
  for (const Otherwise& other : numpy_names())
    if (!word.empty() && word == other.name)
      throw Error("a tensor has no '" + word + "'; " + other.theirs + " is " + other.ours + " here");
  const std::string near = nearest(word, names);
  throw Error("a tensor has no " +
              (lua_type(L, key) == LUA_TSTRING ? "'" + word + "'" : "element " + describe(L, key)) +
              (near.empty() ? "; it has elements t[1], t[{ 1, {2, 3} }], ... and methods: help(t) lists them."
                            : "; did you mean '" + near + "'?"));
}

c10::List<std::optional<Tensor>> masked(const Tensor& mask) {
  c10::List<std::optional<Tensor>> list;
  list.push_back(mask);
  return list;
}

}  // namespace

// One past the last is nil, as in Lua's lists: ipairs ends there.
int element(Call& c) {
  const Tensor& x = get<Tensor>(c.L, 1);
  if (x.dim() > 0 && lua_isinteger(c.L, 2) && lua_tointegerx(c.L, 2, nullptr) == x.size(0) + 1)
    return lua_pushnil(c.L), 1;
  const Part part = part_at(c.L, get<Tensor>(c.L, 1), 2);
  if (part.mask.defined()) return give(c.L, at::index(part.view, masked(part.mask)));
  if (part.places.defined()) return give(c.L, at::index_select(part.view, part.along, part.places));
  return give(c.L, part.view);
}

int assign(Call& c) {
  at::NoGradGuard no_grad;
  const Tensor& x = get<Tensor>(c.L, 1);
  if (lua_type(c.L, 2) == LUA_TSTRING) throw Error("the fields of a tensor cannot be set; t[1] = 0 sets elements");
  const Part part = part_at(c.L, x, 2);
  const Tensor value = lua_type(c.L, 3) == LUA_TTABLE ? tensor_from(c.L, 3, "") : operand(c.L, 3);
  const Tensor same = value.to(x.device(), x.scalar_type());
  if (part.mask.defined()) at::index_put_(const_cast<Tensor&>(part.view), masked(part.mask), same);
  else if (part.places.defined()) {
    auto sizes = part.view.sizes().vec();
    sizes[static_cast<size_t>(part.along)] = part.places.size(0);
    const_cast<Tensor&>(part.view).index_copy_(part.along, part.places, same.expand(sizes));
  } else {
    part.view.detach().copy_(same);
  }
  return 0;
}

}  // namespace basin::script
