// Reading and writing safetensors. Tensors are read straight into their own memory, so that a file that shrinks
// meanwhile is an Error and not a bus error.
#include "model/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "plugin/files.hpp"

namespace basin {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors is little-endian");
constexpr uint64_t kLongestHeader = 100'000'000;  // bytes; the reference implementation's limit

struct Dtype {
  const char* name;
  at::ScalarType type;
};
constexpr Dtype kDtypes[] = {{"F64", at::kDouble}, {"F32", at::kFloat}, {"F16", at::kHalf},  {"BF16", at::kBFloat16},
                             {"I64", at::kLong},   {"I32", at::kInt},   {"I16", at::kShort}, {"I8", at::kChar},
                             {"U8", at::kByte},    {"BOOL", at::kBool}};

struct Entry {
  std::string name;
  at::ScalarType type;
  std::vector<int64_t> sizes;
  uint64_t begin = 0, end = 0;  // from the end of the header
};

struct Header {
  std::vector<Entry> entries;  // by begin
  std::map<std::string, std::string> metadata;
  uint64_t data = 0;  // where the values begin in the file
};

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw Error("'" + file.string() + "' " + why, BASIN_ERROR_IO);
}

// The header's JSON; names that come twice, which a parser would pass over, are refused.
nlohmann::json parse(const std::string& text, const std::filesystem::path& file) {
  std::set<std::string> names;
  std::string twice;
  auto watch = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    if (event == nlohmann::json::parse_event_t::key && depth == 1)
      if (auto name = value.get<std::string>(); !names.insert(name).second) twice = name;
    return true;
  };
  auto header = nlohmann::json::parse(text, watch, false);
  if (!header.is_object()) refuse(file, "is no safetensors file: its header is not a JSON object");
  if (!twice.empty()) refuse(file, "is broken: it holds tensor '" + twice + "' twice");
  return header;
}

uint64_t natural(const nlohmann::json& value) {  // or UINT64_MAX, which fits nowhere
  return value.is_number_unsigned() ? value.get<uint64_t>() : UINT64_MAX;
}

Entry parse_entry(const std::string& name, const nlohmann::json& value, const std::filesystem::path& file) {
  const std::string tensor = "tensor '" + name + "'";
  auto has = [&](const char* key, bool array) {
    return value.is_object() && value.contains(key) && (array ? value[key].is_array() : value[key].is_string());
  };
  if (!has("dtype", false) || !has("shape", true) || !has("data_offsets", true) || value["data_offsets"].size() != 2)
    refuse(file, "is broken: " + tensor + " lacks a dtype, shape or data_offsets");
  const std::string dtype = value["dtype"];
  auto known = std::find_if(std::begin(kDtypes), std::end(kDtypes), [&](const Dtype& d) { return dtype == d.name; });
  if (known == std::end(kDtypes))
    refuse(file, "holds " + tensor + " as " + dtype + ", which Basin does not read; save it as F32, for example");
  Entry entry{name, known->type, {}, natural(value["data_offsets"][0]), natural(value["data_offsets"][1])};
  uint64_t bytes = c10::elementSize(known->type);
  bool fits = entry.begin <= entry.end && entry.end < UINT64_MAX;
  for (const auto& size : value["shape"]) {
    uint64_t n = natural(size);
    fits = fits && n <= static_cast<uint64_t>(INT64_MAX) && !__builtin_mul_overflow(bytes, n, &bytes);
    if (fits) entry.sizes.push_back(static_cast<int64_t>(n));
  }
  if (!fits || bytes != entry.end - entry.begin)
    refuse(file, "is broken: the shape of " + tensor + " does not fit the bytes it is given");
  return entry;
}

Header read_header(FileReader& in, const std::filesystem::path& file) {
  uint64_t length = 0;
  if (in.size() < sizeof length) refuse(file, "is no safetensors file: it has " + std::to_string(in.size()) + " bytes");
  in.read(&length, sizeof length, 0);
  const std::string ending = file.extension();
  const bool zip = (length & 0xffff) == 0x4b50;  // "PK", with which torch.save's files begin
  if (length > kLongestHeader && (zip || ending == ".pt" || ending == ".pth" || ending == ".ckpt"))
    refuse(file,
           "is no safetensors file but one of PyTorch's; scripts/convert_guided_diffusion.py makes safetensors of one "
           "that guided-diffusion wrote");
  if (length > kLongestHeader) refuse(file, "is no safetensors file: its first 8 bytes are no length of a header");
  Header out;
  out.data = sizeof length + length;
  if (out.data > in.size())
    refuse(file, "is truncated or no safetensors file: its header ends at byte " + std::to_string(out.data) +
                     ", and it has " + std::to_string(in.size()));
  std::string text(length, '\0');
  in.read(text.data(), length, sizeof length);
  const auto header = parse(text, file);
  for (const auto& [name, value] : header.items()) {
    if (name != "__metadata__") {
      out.entries.push_back(parse_entry(name, value, file));
      continue;
    }
    if (!value.is_object()) refuse(file, "is broken: its __metadata__ is not an object");
    for (const auto& [key, word] : value.items()) {
      if (!word.is_string()) refuse(file, "is broken: its __metadata__ holds more than text");
      out.metadata[key] = word;
    }
  }
  std::sort(out.entries.begin(), out.entries.end(),
            [](const Entry& a, const Entry& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  uint64_t at = 0;
  for (const auto& entry : out.entries) {
    if (entry.begin != at)
      refuse(file, "is broken: tensor '" + entry.name + "' " +
                       (entry.begin < at ? "overlaps the one before it" : "leaves a hole before it"));
    at = entry.end;
  }
  const uint64_t have = in.size() - out.data;
  if (at > have)
    refuse(file, "is truncated: its tensors have " + std::to_string(at) + " bytes, and " + std::to_string(have) +
                     " are there; copy or save it again");
  if (at < have) refuse(file, "is broken: " + std::to_string(have - at) + " bytes follow its last tensor");
  return out;
}

}  // namespace

Safetensors read_safetensors(const std::filesystem::path& file) {
  FileReader in(file);
  Header header = read_header(in, file);
  Safetensors out;
  out.metadata = std::move(header.metadata);
  for (const auto& entry : header.entries) {
    Tensor tensor = at::empty(entry.sizes, at::TensorOptions(entry.type));
    if (entry.end > entry.begin) in.read(tensor.data_ptr(), entry.end - entry.begin, header.data + entry.begin);
    out.tensors.emplace(entry.name, std::move(tensor));
  }
  return out;
}

void write_safetensors(const std::filesystem::path& file, const std::map<std::string, Tensor>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  struct Item {
    const std::string* name;
    const Tensor* tensor;
    const char* dtype;
  };
  std::vector<Item> items;
  for (const auto& [name, tensor] : tensors) {
    auto known = std::find_if(std::begin(kDtypes), std::end(kDtypes),
                              [&](const Dtype& d) { return tensor.defined() && tensor.scalar_type() == d.type; });
    if (known == std::end(kDtypes))
      throw Error("tensor '" + name + "' cannot be saved as safetensors: its type " +
                  (tensor.defined() ? std::string(c10::toString(tensor.scalar_type())) : "is undefined and") +
                  " has no name there");
    if (name == "__metadata__") throw Error("a tensor cannot be saved under the name '__metadata__'");
    items.push_back({&name, &tensor, known->name});
  }
  // The widest first, so that every tensor is aligned, as Python's writer has it.
  std::stable_sort(items.begin(), items.end(),
                   [](const Item& a, const Item& b) { return a.tensor->element_size() > b.tensor->element_size(); });
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t at = 0;
  for (const auto& item : items) {
    uint64_t end = at + static_cast<uint64_t>(item.tensor->numel() * item.tensor->element_size());
    header[*item.name] = {{"dtype", item.dtype}, {"shape", item.tensor->sizes().vec()}, {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  text.append((8 - text.size() % 8) % 8, ' ');
  const uint64_t length = text.size();

  FileWriter out(file);
  out.write(&length, sizeof length);
  out.write(text.data(), text.size());
  for (const auto& item : items) {
    Tensor values = item.tensor->detach().to(at::kCPU).contiguous();
    out.write(values.data_ptr(), static_cast<size_t>(values.numel() * values.element_size()));
  }
  out.commit();
}

}  // namespace basin
