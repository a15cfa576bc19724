// Fuzz target: the boxed call. The input is read as a choice of an operator and its arguments: any tag with any number, and
// pointers that are null or point at exactly as many elements as `count` says, because no host can tell a wrong pointer
// from a right one. Three things are tried:
//   - decoding (abi/arguments.cpp) for a schema with arguments of every type, and its results back into tagged values;
//   - a whole call (abi/operators.cpp) of operators that are cheap whatever they are given;
//   - the text of a schema.
// Each ends well or with a status and a sentence.
#include <torch/csrc/jit/frontend/function_schema_parser.h>

#include <cstdio>
#include <cstdlib>
#include <deque>

#include "abi/arguments.hpp"
#include "abi/interfaces.hpp"

using namespace basin;

namespace {

constexpr const char* kDecoded[] = {
    "t::scalars(Tensor a, Tensor? b, Scalar c, Scalar? d, int e, float f, bool g, str h) -> ()",
    "t::lists(Tensor[] a, Tensor?[] b, int[] c, int[2] d, float[] e, bool[] f, str[] g, Scalar[] h) -> ()",
    "t::optional(Tensor[]? a, int[]? b, int[3]? c, float[]? d, str? e, int? f, bool? g) -> ()",
    "t::places(ScalarType a, Device b, MemoryFormat c, ScalarType? d, Device? e, MemoryFormat? f, Layout? g) -> ()",
    "t::defaults(Tensor a, Scalar b=1, int[2] c=3, str d=\"none\", float e=0.5, bool f=True, int? g=None) -> ()",
    "t::opaque(Any a, SymInt b, SymInt[] c, SymInt[2]? d) -> ()",
};
constexpr const char* kCalled[] = {
    "aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor",
    "aten::cat(Tensor[] tensors, int dim=0) -> Tensor",
    "aten::to.dtype(Tensor(a) self, ScalarType dtype, bool non_blocking=False, bool copy=False, MemoryFormat? "
    "memory_format=None) -> Tensor(a)",
    "aten::sum.dim_IntList(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
    "aten::unbind.int(Tensor(a -> *) self, int dim=0) -> Tensor(a)[]",
    "aten::equal(Tensor self, Tensor other) -> bool",
    "aten::index.Tensor(Tensor self, Tensor?[] indices) -> Tensor",
    "aten::view(Tensor(a) self, SymInt[] size) -> Tensor(a)",
    "aten::einsum(str equation, Tensor[] tensors, *, int[]? path=None) -> Tensor",
    "aten::result_type.Tensor(Tensor tensor, Tensor other) -> ScalarType",
    "aten::_foreach_mul_.ScalarList(Tensor(a!)[] self, Scalar[] scalars) -> ()",
    "aten::max.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)",
};

// The input, read from the front; zeros when it has ended.
class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data), left_(size) {}
  template <class T>
  T take() {
    T out{};
    const size_t n = std::min(left_, sizeof out);
    if (n) std::memcpy(&out, data_, n);
    data_ += n, left_ -= n;
    return out;
  }
  uint8_t byte() { return take<uint8_t>(); }
  std::string text(size_t most) {
    const size_t n = std::min(left_, most);
    std::string out(reinterpret_cast<const char*>(data_), n);
    data_ += n, left_ -= n;
    return out;
  }
  size_t left() const { return left_; }

 private:
  const uint8_t* data_;
  size_t left_;
};

// What the arguments of one call point at.
struct Memory {
  std::vector<Tensor> tensors{at::arange(6, at::kFloat).reshape({2, 3}),
                              at::arange(4, at::kLong),
                              at::ones({}, at::kBool),
                              at::empty({0}),
                              at::ones({}, at::kDouble),
                              at::ones({2, 3}).requires_grad_(),
                              at::ones({2, 3}).t()};
  at::IValue opaque{"an object"};
  std::deque<std::vector<char>> blocks;  // each stays where it is

  basin_tensor* tensor(uint8_t which) { return which % 8 < tensors.size() ? lend(tensors[which % 8]) : nullptr; }
  // An array of exactly n elements; null where the input says so.
  template <class T, class Make>
  const T* array(uint32_t n, bool null, Make make) {
    if (null) return nullptr;
    auto& block = blocks.emplace_back(n * sizeof(T));
    for (uint32_t i = 0; i < n; i++) {
      const T element = make();
      std::memcpy(block.data() + i * sizeof(T), &element, sizeof element);
    }
    static char nowhere;
    return n ? reinterpret_cast<const T*>(block.data()) : reinterpret_cast<const T*>(&nowhere);
  }
  const char* string(Bytes& in) {
    const std::string text = in.text(in.byte() % 24);
    auto& block = blocks.emplace_back(text.begin(), text.end());
    block.push_back('\0');
    return block.data();
  }
};

basin_value value(Bytes& in, Memory& memory) {
  basin_value v{};
  const uint8_t tag = in.byte();
  v.tag = tag < 240 ? tag % 18 : in.take<uint16_t>();
  v.aux = in.take<uint16_t>();
  const uint8_t count = in.byte();
  const bool null = count >= 224;
  v.count = count % 6;
  switch (v.tag) {
    case BASIN_ARG_TENSOR: v.u.t = memory.tensor(in.byte()); break;
    case BASIN_ARG_FLOAT: v.u.f = in.take<double>(); break;
    case BASIN_ARG_STRING: v.u.s = null ? nullptr : memory.string(in); break;
    case BASIN_ARG_INTS: v.u.ints = memory.array<int64_t>(v.count, null, [&] { return in.take<int64_t>(); }); break;
    case BASIN_ARG_FLOATS: v.u.floats = memory.array<double>(v.count, null, [&] { return in.take<double>(); }); break;
    case BASIN_ARG_BOOLS: v.u.bools = memory.array<uint8_t>(v.count, null, [&] { return in.byte(); }); break;
    case BASIN_ARG_TENSORS:
      v.u.tensors = memory.array<basin_tensor*>(v.count, null, [&] { return memory.tensor(in.byte()); });
      break;
    case BASIN_ARG_STRINGS:
      v.u.strings =
          memory.array<const char*>(v.count, null, [&] { return in.byte() >= 224 ? nullptr : memory.string(in); });
      break;
    case BASIN_ARG_OPAQUE: v.u.opaque = null ? nullptr : &memory.opaque; break;
    default: v.u.i = in.take<int64_t>();
  }
  return v;
}

void release(const basin_value& result) {
  if (result.tag == BASIN_ARG_TENSOR) steal(result.u.t);
  if (result.tag == BASIN_ARG_OPAQUE) release_opaque(result.u.opaque);
}

void ends_with_a_sentence(basin_status status) {
  if (status == BASIN_OK || *last_error()) return;
  std::fprintf(stderr, "status %d without a sentence\n", status);
  std::abort();
}

void decode(size_t which, Bytes in) {
  static const auto* schemas = [] {
    auto* out = new std::vector<c10::FunctionSchema>;
    for (const char* text : kDecoded) out->push_back(torch::jit::parseSchema(text));
    return out;
  }();
  Memory memory;
  for (const auto& argument : (*schemas)[which].arguments()) {
    const basin_value given = value(in, memory);
    torch::jit::Stack stack;
    ends_with_a_sentence(guard([&] { push(ArgumentKind(argument), given, "t", stack); }));
    for (auto& result : stack) {
      std::vector<basin_value> out(result_count(result));
      const auto* end = give_result(ResultKind(argument), std::move(result), out.data());
      if (end != out.data() + out.size()) std::abort();
      for (const auto& each : out) release(each);
    }
  }
}

void call(const char* text, Bytes in) {
  const basin_op* op = nullptr;
  if (find_operator(text, &op) != BASIN_OK) std::abort();
  Memory memory;
  std::vector<basin_value> arguments(in.byte() % 8);
  uint32_t room = in.byte() % 5;
  for (auto& argument : arguments) argument = value(in, memory);
  std::vector<basin_value> results(room);
  const basin_status status =
      call_operator(op, arguments.data(), static_cast<uint32_t>(arguments.size()), results.data(), &room);
  ends_with_a_sentence(status);
  if (status == BASIN_OK)
    for (const auto& each : results) release(each);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes in(data, size);
  const uint8_t what = in.byte();
  if (what < 100) {
    decode(what % std::size(kDecoded), in);
  } else if (what < 200) {
    call(kCalled[what % std::size(kCalled)], in);
  } else {
    const basin_op* op = nullptr;
    ends_with_a_sentence(find_operator(in.text(in.left()).c_str(), &op));
  }
  return 0;
}
