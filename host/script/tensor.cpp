// The tensor type: shape, conversion, gradients, and how it prints. Its other parts: tensor_*.cpp.
#include "script/tensor.hpp"

#include <algorithm>

#include "script/numbers.hpp"

namespace basin::script {
namespace {

Tensor& self(Call& c) { return get<Tensor>(c.L, 1); }

constexpr std::pair<at::ScalarType, const char*> kTypes[] = {
    {at::kFloat, "float32"}, {at::kDouble, "float64"}, {at::kLong, "int64"},       {at::kInt, "int32"},
    {at::kByte, "uint8"},    {at::kBool, "bool"},      {at::kBFloat16, "bfloat16"}};

// ---- shape ---------------------------------------------------------------------------------------------------------

int shape(Call& c) { return give(c.L, self(c).sizes().vec()); }
int reshape(Call& c) { return give(c.L, self(c).reshape(c.integers("sizes"))); }
int flatten(Call& c) { return give(c.L, self(c).flatten()); }
int expand(Call& c) { return give(c.L, self(c).expand(c.integers("sizes"))); }
int tile(Call& c) { return give(c.L, at::tile(self(c), c.integers("times"))); }
int transpose(Call& c) {
  const Tensor& x = self(c);
  return give(c.L, x.transpose(dimension(x, c.integer("first")), dimension(x, c.integer("second"))));
}
int permute(Call& c) {
  const auto dims = dimensions(c, self(c));
  if (static_cast<int64_t>(dims.size()) != self(c).dim())
    throw Error("permute takes all " + std::to_string(self(c).dim()) + " dimensions in their new order, got " +
                std::to_string(dims.size()));
  return give(c.L, self(c).permute(dims));
}
int flip(Call& c) { return give(c.L, self(c).flip(dimensions(c, self(c)))); }
int squeeze(Call& c) {
  return give(c.L, c.has("dim") ? self(c).squeeze(dimension(self(c), c.integer("dim"))) : self(c).squeeze());
}
int unsqueeze(Call& c) {  // one more place than there are dimensions
  return give(c.L, self(c).unsqueeze(dimension(self(c).unsqueeze(0), c.integer("dim"))));
}

// ---- conversion ----------------------------------------------------------------------------------------------------

int item(Call& c) {
  const Tensor& x = self(c);
  if (x.numel() != 1)
    throw Error("item() is of a tensor with one element, and this one has " + std::to_string(x.numel()));
  if (x.scalar_type() == at::kBool) return give(c.L, x.item<bool>());
  if (x.is_floating_point()) return give(c.L, x.item<double>());
  return give(c.L, x.item<int64_t>());
}

int push_nested(lua_State* L, const Tensor& x) {
  luaL_checkstack(L, 4, nullptr);
  if (x.dim() == 0) {
    if (x.scalar_type() == at::kBool) return give(L, x.item<bool>());
    return x.is_floating_point() ? give(L, x.item<double>()) : give(L, x.item<int64_t>());
  }
  const int64_t n = x.size(0);
  lua_createtable(L, static_cast<int>(n), 0);
  if (x.dim() == 1 && x.scalar_type() == at::kDouble) {
    const double* values = x.const_data_ptr<double>();
    for (int64_t i = 0; i < n; ++i) lua_pushnumber(L, values[i]), lua_rawseti(L, -2, i + 1);
  } else if (x.dim() == 1 && x.scalar_type() == at::kLong) {
    const int64_t* values = x.const_data_ptr<int64_t>();
    for (int64_t i = 0; i < n; ++i) lua_pushinteger(L, values[i]), lua_rawseti(L, -2, i + 1);
  } else {
    for (int64_t i = 0; i < n; ++i) push_nested(L, x[i]), lua_rawseti(L, -2, i + 1);
  }
  return 1;
}
int to_table(Call& c) {
  const Tensor& x = self(c);
  const auto type = x.scalar_type() == at::kBool ? at::kBool : x.is_floating_point() ? at::kDouble : at::kLong;
  return push_nested(c.L, x.detach().to(at::kCPU, type).contiguous());
}

int to(Call& c) {
  const std::string word = c.string("what");
  for (const auto& [type, name] : kTypes)
    if (word == name) return give(c.L, self(c).to(type));
  if (word == "cpu" || word == "cuda" || word.starts_with("cuda:")) return give(c.L, self(c).to(at::Device(word)));
  std::vector<std::string> names{"cpu", "cuda"};
  for (const auto& [type, name] : kTypes) names.push_back(name);
  throw Error("tensor:to takes a type or a device, got '" + word + "'" + hint(word, names));
}

int copy(Call& c) { return give(c.L, self(c).detach().clone()); }
int detach(Call& c) { return give(c.L, self(c).detach()); }

// ---- gradients -----------------------------------------------------------------------------------------------------

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

// ---- printing ------------------------------------------------------------------------------------------------------

// Rows of a small matrix in columns that line up; "..." where some are left out. x: float64 [rows, columns]
std::string rows_text(const Tensor& x) {
  constexpr int64_t kRows = 10, kColumns = 10;
  const int64_t rows = std::min(x.size(0), kRows), columns = std::min(x.size(1), kColumns);
  std::vector<std::vector<std::string>> cells(static_cast<size_t>(rows));
  size_t width = 0;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t k = 0; k < columns; ++k) {
      cells[static_cast<size_t>(r)].push_back(number_text(x[r][k].item<double>()));
      width = std::max(width, cells[static_cast<size_t>(r)].back().size());
    }
  }
  std::string out;
  for (const auto& row : cells) {
    out += "\n";
    for (const std::string& cell : row) out += "  " + std::string(width - cell.size(), ' ') + cell;
    if (columns < x.size(1)) out += "  ...";
  }
  return rows < x.size(0) ? out + "\n  ..." : out;
}

int text(Call& c) { return give(c.L, tensor_text(self(c))); }
int length(Call& c) { return give(c.L, self(c).dim() ? self(c).size(0) : int64_t{1}); }
int dtype_name(Call& c) { return give(c.L, dtype_text(self(c).scalar_type())); }
int device_name(Call& c) { return give(c.L, self(c).device().str()); }
int dimension_count(Call& c) { return give(c.L, self(c).dim()); }
int element_count(Call& c) { return give(c.L, self(c).numel()); }

// ---- the type ------------------------------------------------------------------------------------------------------

std::vector<Function> own_methods() {
  static const Field dims{"dims", "integers", "Dimensions, from 1."};
  static const Field sizes{"sizes", "integers", "The new sizes."};
  return {
      {{"tensor:shape", "The sizes of its dimensions.", {}, false, "integer[]", "t:shape()[1]"}, shape},
      {{"tensor:reshape",
        "The same elements in another shape; -1 once stands for what is left.",
        {sizes},
        false,
        "tensor",
        "t:reshape(2, -1)"},
       reshape},
      {{"tensor:flatten", "All elements in one dimension.", {}, false, "tensor", "t:flatten()"}, flatten},
      {{"tensor:transpose",
        "Two dimensions swapped.",
        {{"first", "integer", "One of them."}, {"second", "integer", "The other."}},
        false,
        "tensor",
        "t:transpose(1, 2)"},
       transpose},
      {{"tensor:permute", "All dimensions in another order.", {dims}, false, "tensor", "x:permute(1, 3, 4, 2)"},
       permute},
      {{"tensor:flip", "Backwards along dimensions.", {dims}, false, "tensor", "t:flip(1)"}, flip},
      {{"tensor:squeeze",
        "Without dimensions of size 1.",
        {{"dim", "integer", "Only this one.", "all of them"}},
        false,
        "tensor",
        "t:unsqueeze(1):squeeze(1)"},
       squeeze},
      {{"tensor:unsqueeze",
        "With a new dimension of size 1, for broadcasting.",
        {{"dim", "integer", "Where it stands afterwards."}},
        false,
        "tensor",
        "t - t:mean(2):unsqueeze(2)"},
       unsqueeze},
      {{"tensor:expand",
        "Dimensions of size 1 stretched to these sizes, without copying.",
        {sizes},
        false,
        "tensor",
        "t:mean(1):unsqueeze(1):expand(5, -1)"},
       expand},
      {{"tensor:tile",
        "Copies side by side.",
        {{"times", "integers", "How often along each dimension."}},
        false,
        "tensor",
        "t:tile(2, 1)"},
       tile},
      {{"tensor:item", "The number in a tensor of one element.", {}, false, "number|boolean", "t:sum():item()"}, item},
      {{"tensor:totable", "Its numbers as nested lists.", {}, false, "list", "t:totable()[1]"}, to_table},
      {{"tensor:to",
        "Its values as another type, or on another device.",
        {{"what", "string", "float32, float64, int64, int32, uint8, bool, bfloat16; cpu, cuda, cuda:N."}},
        false,
        "tensor",
        "t:to \"float64\""},
       to},
      {{"tensor:copy", "A copy of the values, outside every gradient.", {}, false, "tensor", "t:copy()"}, copy},
      {{"tensor:detach", "The same values, where no gradient flows.", {}, false, "tensor", "t:detach()"}, detach},
      {{"tensor:require_gradient",
        "The same values as the start of something to differentiate.",
        {},
        false,
        "tensor",
        "local v = t:require_gradient() print((v * v):sum():gradient(v))"},
       require_gradient},
      {{"tensor:gradient",
        "The gradient of the sum of this tensor.",
        {{"of", "tensor", "With respect to what."},
         {"again", "boolean", "The result can be differentiated again.", "false"}},
        false,
        "tensor",
        "local v = t:require_gradient() print((v ^ 3):gradient(v))"},
       gradient},
  };
}

int transposed(Call& c) {
  const Tensor& x = get<Tensor>(c.L, 1);
  if (x.dim() == 2) return give(c.L, x.t());
  throw Error("t.T is of a matrix, and this is " + tensor_kind(x) + "; t:transpose(1, 2) swaps any two dimensions");
}

Type make_type() {
  Type t{.name = "tensor",
         .summary =
             "Numbers in an array. + - * / // % ^ broadcast, & | ~ are of booleans and integers. t[i] is row i, "
             "from 1; t[{ i, {2, 5}, {} }] an index, a range with both ends or all for each dimension; t[mask] "
             "and t[rows] pick by a tensor. t[key] = value writes; indexing by numbers and ranges shares memory.",
         .methods = own_methods(),
         .properties = {{"dtype", "float32, float64, int64, int32, uint8, bool, bfloat16.", dtype_name, "string"},
                        {"device", "cpu or cuda:0.", device_name, "string"},
                        {"T", "This matrix with rows and columns swapped.", transposed, "tensor"},
                        {"dims", "How many dimensions it has.", dimension_count, "integer"},
                        {"count", "How many elements it has.", element_count, "integer"}},
         .operators = tensor_operators(),
         .element = "tensor"};
  for (const auto& more : {tensor_functions(), tensor_linear_algebra(), tensor_reductions(), tensor_pictures()})
    t.methods.insert(t.methods.end(), more.begin(), more.end());
  const std::pair<const char*, int (*)(Call&)> others[] = {
      {"__len", length}, {"__tostring", text}, {"__index", element}, {"__newindex", assign}};
  t.operators.insert(t.operators.end(), std::begin(others), std::end(others));
  return t;
}

}  // namespace

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

at::ScalarType type_named(const std::string& name) {
  for (const auto& [type, known] : kTypes)
    if (name == known) return type;
  throw Error("a tensor's type is float32, float64, int64, int32, uint8, bool or bfloat16, got '" + name + "'");
}

std::string dtype_text(at::ScalarType type) {
  for (const auto& [known, name] : kTypes)
    if (type == known) return name;
  return at::toString(type);
}

std::string tensor_kind(const Tensor& tensor) {
  std::string out = "tensor [";
  for (int64_t i = 0; i < tensor.dim(); ++i) out += (i ? "," : "") + std::to_string(tensor.size(i));
  return out + "] " + dtype_text(tensor.scalar_type()) + " " + tensor.device().str();
}

std::string tensor_text(const Tensor& tensor) {
  const std::string kind = tensor_kind(tensor);
  if (!tensor.numel()) return kind + ": empty";
  const Tensor values = tensor.detach().to(at::kCPU, at::kDouble);
  if (values.numel() == 1) return kind + ": " + number_text(values.item<double>());
  const Tensor finite = values.masked_select(at::isfinite(values));
  std::string out = kind;
  if (finite.numel())
    out += ", " + number_text(finite.min().item<double>()) + " to " + number_text(finite.max().item<double>());
  if (finite.numel() < values.numel()) out += ", " + std::to_string(values.numel() - finite.numel()) + " not finite";
  if (values.dim() > 2) return out + ", mean " + number_text(finite.numel() ? finite.mean().item<double>() : NAN);
  return out + rows_text(values.dim() == 1 ? values.unsqueeze(0) : values);
}

void add_tensors(lua_State* L, int library) {
  static const Type type = make_type();
  add_type<Tensor>(L, type);
  static const std::vector<Function> factories = tensor_factories(), files = tensor_files();
  for (const auto* group : {&factories, &files})
    for (const Function& function : *group) {
      push(L, function);
      lua_setfield(L, library, function.record.name + sizeof "basin." - 1);
    }
}

}  // namespace basin::script
