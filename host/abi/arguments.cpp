// Tagged values to the engine's and back.
#include "abi/arguments.hpp"

#include "abi/border.hpp"

namespace basin {
namespace {

using Kind = ArgumentKind::Kind;
using c10::TypeKind;

Kind list_kind(const c10::TypePtr& element) {
  switch (element->kind()) {
    case TypeKind::TensorType: return Kind::tensors;
    case TypeKind::OptionalType:
      return element->castRaw<c10::OptionalType>()->getElementType()->kind() == TypeKind::TensorType
                 ? Kind::optional_tensors
                 : Kind::none_only;
    case TypeKind::IntType:
    case TypeKind::SymIntType: return Kind::ints;
    case TypeKind::FloatType: return Kind::floats;
    case TypeKind::BoolType: return Kind::bools;
    case TypeKind::StringType: return Kind::strings;
    case TypeKind::NumberType: return Kind::scalars;
    default: return Kind::none_only;
  }
}

Kind kind_of(const c10::TypePtr& type) {
  switch (type->kind()) {
    case TypeKind::TensorType: return Kind::tensor;
    case TypeKind::NumberType: return Kind::scalar;
    case TypeKind::IntType:
    case TypeKind::SymIntType: return Kind::integer;
    case TypeKind::FloatType: return Kind::real;
    case TypeKind::BoolType: return Kind::boolean;
    case TypeKind::StringType: return Kind::string;
    case TypeKind::ScalarTypeType: return Kind::dtype;
    case TypeKind::MemoryFormatType: return Kind::memory_format;
    case TypeKind::DeviceObjType: return Kind::device;
    case TypeKind::ListType: return list_kind(type->castRaw<c10::ListType>()->getElementType());
    case TypeKind::ClassType:
    case TypeKind::AnyType:
    case TypeKind::CapsuleType: return Kind::opaque;
    default: return Kind::none_only;
  }
}

const char* tag_name(uint16_t tag) {
  static constexpr const char* names[] = {
      "the default",       "none",     "a tensor",           "an integer",       "a float",
      "a boolean",         "a string", "a list of integers", "a list of floats", "a list of booleans",
      "a list of tensors", "a dtype",  "a device",           "a memory format",  "an opaque object",
      "a list of strings"};
  return tag < std::size(names) ? names[tag] : "an unknown tag";
}

[[noreturn]] void mismatch(const ArgumentKind& kind, const basin_value& value, const std::string& op) {
  throw Error(op + ": argument '" + kind.name + "' is of type " + kind.type + ", but " + tag_name(value.tag) +
              " (tag " + std::to_string(value.tag) + ") was given.");
}

// One of the ABI's numbers, which have 32 bits; 0, which is none of them, for what has more.
int32_t number(const basin_value& v) {
  const auto out = static_cast<int32_t>(v.u.i);
  return out == v.u.i ? out : 0;
}

int64_t dtype_number(const basin_value& v) { return static_cast<int64_t>(scalar_type(number(v))); }

at::MemoryFormat memory_format(int64_t number) {
  if (number == BASIN_CONTIGUOUS) return at::MemoryFormat::Contiguous;
  if (number == BASIN_CHANNELS_LAST) return at::MemoryFormat::ChannelsLast;
  throw Error("A memory format is BASIN_CONTIGUOUS (1) or BASIN_CHANNELS_LAST (2), but " + std::to_string(number) +
              " was given.");
}

template <class T, class From>
c10::List<T> list_of(const From* from, uint32_t n) {
  c10::List<T> list;
  list.reserve(n);
  if (n) needed(from, "The list of an argument");
  for (uint32_t i = 0; i < n; ++i) {
    if constexpr (std::is_pointer_v<From>) needed(from[i], "A string in the list of an argument");
    list.push_back(static_cast<T>(from[i]));
  }
  return list;
}

template <class T>
at::IValue tensor_list(const basin_value& v) {
  c10::List<T> list;
  list.reserve(v.count);
  if (v.count) needed(v.u.tensors, "The list of an argument");
  for (uint32_t i = 0; i < v.count; ++i) {
    if constexpr (std::is_same_v<T, Tensor>) list.push_back(share(v.u.tensors[i]));
    else list.push_back(v.u.tensors[i] ? T(share(v.u.tensors[i])) : T());
  }
  return list;
}

at::IValue scalar_list(const basin_value& v) {
  auto list = c10::impl::GenericList(c10::NumberType::get());
  if (v.count) needed(v.u.ints, "The list of an argument");
  for (uint32_t i = 0; i < v.count; ++i) {
    if (v.tag == BASIN_ARG_INTS) list.push_back(at::IValue(v.u.ints[i]));
    else list.push_back(at::IValue(v.u.floats[i]));
  }
  return list;
}

// The value for a kind that its tag fits; nullopt where it does not.
std::optional<at::IValue> convert(const ArgumentKind& kind, const basin_value& v) {
  switch (kind.kind) {
    case Kind::tensor:
      if (v.tag == BASIN_ARG_TENSOR) return v.u.t ? at::IValue(share(v.u.t)) : at::IValue(Tensor());
      break;
    case Kind::scalar:
      if (v.tag == BASIN_ARG_INT) return v.u.i;
      if (v.tag == BASIN_ARG_FLOAT) return v.u.f;
      if (v.tag == BASIN_ARG_BOOL) return v.u.i != 0;
      break;
    case Kind::integer:
      if (v.tag == BASIN_ARG_INT) return v.u.i;
      break;
    case Kind::real:
      if (v.tag == BASIN_ARG_FLOAT) return v.u.f;
      if (v.tag == BASIN_ARG_INT) return static_cast<double>(v.u.i);
      break;
    case Kind::boolean:
      if (v.tag == BASIN_ARG_BOOL) return v.u.i != 0;
      break;
    case Kind::string:
      if (v.tag == BASIN_ARG_STRING) return std::string(needed(v.u.s, "The string of an argument"));
      break;
    case Kind::dtype:
      if (v.tag == BASIN_ARG_DTYPE) return dtype_number(v);
      break;
    case Kind::memory_format:
      if (v.tag == BASIN_ARG_MEMORY_FORMAT) return static_cast<int64_t>(memory_format(v.u.i));
      break;
    case Kind::device:
      if (v.tag == BASIN_ARG_DEVICE) return device_of(number(v), v.aux);
      break;
    case Kind::tensors:
      if (v.tag == BASIN_ARG_TENSORS) return tensor_list<Tensor>(v);
      break;
    case Kind::optional_tensors:
      if (v.tag == BASIN_ARG_TENSORS) return tensor_list<std::optional<Tensor>>(v);
      break;
    case Kind::ints:
      if (v.tag == BASIN_ARG_INTS) return list_of<int64_t>(v.u.ints, v.count);
      if (v.tag == BASIN_ARG_INT && kind.length) {
        const std::vector<int64_t> repeated(kind.length, v.u.i);
        return list_of<int64_t>(repeated.data(), kind.length);
      }
      break;
    case Kind::floats:
      if (v.tag == BASIN_ARG_FLOATS) return list_of<double>(v.u.floats, v.count);
      break;
    case Kind::bools:
      if (v.tag == BASIN_ARG_BOOLS) return list_of<bool>(v.u.bools, v.count);
      break;
    case Kind::strings:
      if (v.tag == BASIN_ARG_STRINGS) return list_of<std::string>(v.u.strings, v.count);
      break;
    case Kind::scalars:
      if (v.tag == BASIN_ARG_INTS || v.tag == BASIN_ARG_FLOATS) return scalar_list(v);
      break;
    case Kind::opaque:
      if (v.tag == BASIN_ARG_OPAQUE) return *static_cast<at::IValue*>(needed(v.u.opaque, "The opaque object"));
      break;
    case Kind::none_only: break;
  }
  return std::nullopt;
}

basin_value value_of(uint16_t tag) {
  basin_value v{};
  v.tag = tag;
  return v;
}

basin_value plain_result(const ResultKind& kind, at::IValue&& from) {
  if (from.isTensor()) {
    basin_value v = value_of(BASIN_ARG_TENSOR);
    v.u.t = own(std::move(from).toTensor());
    if (!v.u.t) v.tag = BASIN_ARG_NONE;
    return v;
  }
  if (from.isNone()) return value_of(BASIN_ARG_NONE);
  if (from.isInt()) {
    basin_value v = value_of(kind.is_dtype ? BASIN_ARG_DTYPE : BASIN_ARG_INT);
    v.u.i = kind.is_dtype ? dtype_of(static_cast<at::ScalarType>(from.toInt())) : from.toInt();
    return v;
  }
  if (from.isDouble()) {
    basin_value v = value_of(BASIN_ARG_FLOAT);
    v.u.f = from.toDouble();
    return v;
  }
  if (from.isBool()) {
    basin_value v = value_of(BASIN_ARG_BOOL);
    v.u.i = from.toBool();
    return v;
  }
  if (from.isString()) {
    thread_local std::string text;  // borrowed until this thread's next string
    text = from.toStringRef();
    basin_value v = value_of(BASIN_ARG_STRING);
    v.u.s = text.c_str();
    return v;
  }
  if (from.isDevice()) {
    basin_value v = value_of(BASIN_ARG_DEVICE);
    const at::Device device = from.toDevice();
    v.u.i = device.is_cuda() ? BASIN_CUDA : BASIN_CPU;
    v.aux = static_cast<uint16_t>(device.has_index() ? device.index() : 0);
    return v;
  }
  basin_value v = value_of(BASIN_ARG_OPAQUE);
  v.u.opaque = new at::IValue(std::move(from));
  return v;
}

}  // namespace

ArgumentKind::ArgumentKind(const c10::Argument& argument) : name(argument.name()) {
  c10::TypePtr t = argument.real_type();
  type = t->annotation_str();
  if (t->kind() == TypeKind::OptionalType) {
    optional = true;
    t = t->castRaw<c10::OptionalType>()->getElementType();
  }
  kind = kind_of(t);
  length = argument.N().value_or(0);
  if (argument.default_value()) {
    has_default = true;
    default_value = *argument.default_value();
  }
}

ResultKind::ResultKind(const c10::Argument& result)
    : is_dtype(result.real_type()->kind() == TypeKind::ScalarTypeType) {}

void push(const ArgumentKind& kind, const basin_value& value, const std::string& op, torch::jit::Stack& stack) {
  if (value.tag == BASIN_ARG_DEFAULT) {
    if (!kind.has_default)
      throw Error(op + ": argument '" + kind.name + "' (" + kind.type + ") has no default and must be given.");
    stack.push_back(kind.default_value);
    return;
  }
  if (value.tag == BASIN_ARG_NONE) {
    if (!kind.optional) mismatch(kind, value, op);
    stack.emplace_back();
    return;
  }
  auto converted = convert(kind, value);
  if (!converted) mismatch(kind, value, op);
  stack.push_back(*std::move(converted));
}

uint32_t result_count(const at::IValue& value) {
  return value.isList() ? static_cast<uint32_t>(value.toListRef().size()) : 1;
}

basin_value* give_result(const ResultKind& kind, at::IValue&& value, basin_value* out) {
  if (!value.isList()) {
    *out = plain_result(kind, std::move(value));
    return out + 1;
  }
  for (at::IValue element : value.toListRef()) *out++ = plain_result(kind, std::move(element));
  return out;
}

}  // namespace basin
