// The safetensors format: agreement with Python's writer, and every way a file can be wrong.
#include "model/safetensors.hpp"

#include <sys/resource.h>

#include <csignal>
#include <cstring>
#include <random>

#include "plugin/support.hpp"

using namespace basin;

namespace {

const fs::path kPython = fs::path(BASIN_TESTS) / "model/fixtures/python.safetensors";

std::map<std::string, Tensor> python_tensors() {
  return {{"b.weight", at::arange(6, at::kFloat).reshape({2, 3}) / 4},
          {"a.count", at::full({}, 7, at::kLong)},
          {"c.empty", at::zeros({0, 3})},
          {"d.bytes", at::arange(5, at::kByte)},
          {"e.half", at::tensor({1.5, -2.0}, at::kFloat).to(at::kHalf)},
          {"f.flags", at::tensor({1, 0, 1}, at::kInt).to(at::kBool)}};
}

std::string with_header(const std::string& header, const std::string& data) {
  const uint64_t n = header.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &n, 8);
  return out + header + data;
}

}  // namespace

TEST_CASE("A file of Python's is read, and the same tensors are written as the same bytes") {
  auto file = read_safetensors(kPython);
  CHECK((file.metadata == std::map<std::string, std::string>{{"made by", "Python"}}));
  auto expected = python_tensors();
  REQUIRE(file.tensors.size() == expected.size());
  for (const auto& [name, tensor] : expected) {
    INFO(name);
    REQUIRE(file.tensors.count(name) == 1);
    CHECK(file.tensors[name].scalar_type() == tensor.scalar_type());
    CHECK(at::equal(file.tensors[name], tensor));
  }
  Scratch scratch;
  write_safetensors(scratch.path / "ours", expected, file.metadata);
  CHECK(get(scratch.path / "ours") == get(kPython));
}

TEST_CASE("Every dtype and layout comes back bit for bit") {
  Scratch scratch;
  std::map<std::string, Tensor> tensors;
  for (auto type :
       {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong, at::kInt, at::kShort, at::kChar, at::kByte})
    tensors[c10::toString(type)] =
        (at::arange(24, at::kFloat).reshape({2, 3, 2, 2}) - (type == at::kByte ? 0 : 12)).to(type);
  tensors["transposed"] = at::arange(6, at::kFloat).reshape({2, 3}).t();
  tensors["channels_last"] = at::randn({2, 3, 4, 5}).contiguous(at::MemoryFormat::ChannelsLast);
  tensors["slice"] = at::arange(10, at::kFloat).slice(0, 1, 9, 3);
  tensors["odd \"name\" \xc3\xa9"] = at::tensor({std::nan(""), HUGE_VAL, -0.0}, at::kDouble);
  write_safetensors(scratch.path / "f", tensors);
  auto back = read_safetensors(scratch.path / "f");
  CHECK(back.metadata.empty());
  REQUIRE(back.tensors.size() == tensors.size());
  for (const auto& [name, tensor] : tensors) {
    INFO(name);
    const auto& got = back.tensors.at(name);
    CHECK(got.is_contiguous());
    CHECK(got.sizes() == tensor.sizes());
    CHECK(std::memcmp(got.data_ptr(), tensor.contiguous().data_ptr(), got.nbytes()) == 0);
  }
  write_safetensors(scratch.path / "empty", {});
  CHECK(read_safetensors(scratch.path / "empty").tensors.empty());
}

TEST_CASE("What cannot be written is said by name") {
  Scratch scratch;
  CHECK(has(sentence_of([&] {
              write_safetensors(scratch.path / "f", {{"z", at::zeros({2}, at::kComplexFloat)}});
            }),
            "'z'"));
  CHECK(has(sentence_of([&] { write_safetensors(scratch.path / "f", {{"u", Tensor()}}); }), "'u'"));
  CHECK(has(sentence_of([&] { write_safetensors(scratch.path / "no" / "f", {}); }), "No such file"));
  CHECK(fs::is_empty(scratch.path));
}

TEST_CASE("A truncated file is refused wherever it was cut") {
  Scratch scratch;
  const std::string bytes = get(kPython);
  for (size_t length = 0; length < bytes.size(); length++) {
    put(scratch.path / "cut.safetensors", bytes.substr(0, length));
    auto sentence = sentence_of([&] { read_safetensors(scratch.path / "cut.safetensors"); });
    INFO(length << ": " << sentence);
    CHECK(has(sentence, "cut.safetensors"));
  }
}

TEST_CASE("Foreign and broken files are refused in one sentence that names them") {
  Scratch scratch;
  const auto file = scratch.path / "f.safetensors";
  auto refusal = [&](const std::string& bytes) {
    put(file, bytes);
    auto sentence = sentence_of([&] { read_safetensors(file); });
    CHECK(has(sentence, file.string()));
    CHECK(!has(sentence, "\n"));
    return sentence;
  };
  auto tensor = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return "\"w\":{\"dtype\":" + dtype + ",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
  };
  const std::string eight(8, 'x');
  CHECK(has(refusal("PK\x03\x04 a zip file, as PyTorch's checkpoints are"), "no safetensors"));
  CHECK(has(refusal(with_header("[1,2]", "")), "not a JSON object"));
  CHECK(has(refusal(with_header("{\"w\":", "")), "not a JSON object"));
  CHECK(has(refusal(with_header("{" + tensor("\"F32\"", "[2]", "[0,8]") + "}", eight + "more")), "4 bytes follow"));
  CHECK(has(refusal(with_header("{" + tensor("\"F32\"", "[2]", "[0,8]") + "}", "xxxx")), "truncated"));
  CHECK(has(refusal(with_header("{" + tensor("\"F8_E4M3\"", "[8]", "[0,8]") + "}", eight)), "'w' as F8_E4M3"));
  CHECK(has(refusal(with_header("{" + tensor("\"F32\"", "[3]", "[0,8]") + "}", eight)), "does not fit"));
  CHECK(has(refusal(with_header("{" + tensor("\"F32\"", "[-2]", "[0,8]") + "}", eight)), "does not fit"));
  CHECK(
      has(refusal(with_header("{" + tensor("\"F32\"", "[4294967296,4294967296]", "[0,0]") + "}", "")), "does not fit"));
  CHECK(has(refusal(with_header("{" + tensor("\"F32\"", "[2]", "[8,0]") + "}", eight)), "does not fit"));
  CHECK(has(refusal(with_header("{" + tensor("\"F32\"", "\"2\"", "[0,8]") + "}", eight)), "lacks"));
  CHECK(has(refusal(with_header("{" + tensor("7", "[2]", "[0,8]") + "}", eight)), "lacks"));
  CHECK(has(refusal(with_header("{" + tensor("\"F32\"", "[2]", "[0]") + "}", eight)), "lacks"));
  CHECK(has(refusal(with_header("{\"w\":3}", eight)), "lacks"));
  CHECK(has(
      refusal(with_header(
          "{" + tensor("\"U8\"", "[4]", "[0,4]") + ",\"v" + tensor("\"U8\"", "[4]", "[2,6]").substr(2) + "}", eight)),
      "overlaps"));
  CHECK(has(
      refusal(with_header(
          "{" + tensor("\"U8\"", "[4]", "[0,4]") + ",\"v" + tensor("\"U8\"", "[2]", "[6,8]").substr(2) + "}", eight)),
      "hole"));
  CHECK(has(refusal(with_header("{" + tensor("\"U8\"", "[4]", "[0,4]") + "," + tensor("\"U8\"", "[4]", "[4,8]") + "}",
                                eight)),
            "twice"));
  CHECK(has(refusal(with_header("{\"__metadata__\":{\"step\":3}}", "")), "__metadata__"));
  CHECK(has(refusal(with_header("{\"__metadata__\":3}", "")), "__metadata__"));
  CHECK(has(refusal(std::string(8, '\xff') + "{}"), "no safetensors"));
  CHECK(has(refusal(with_header(std::string(100000, '['), "")), "not a JSON object"));
  CHECK(has(sentence_of([&] { read_safetensors(scratch.path); }), "no regular file"));
}

TEST_CASE("Noise in a header never crashes the reader") {
  Scratch scratch;
  const std::string bytes = get(kPython);
  uint64_t header = 0;
  std::memcpy(&header, bytes.data(), 8);
  std::mt19937 random(3);
  int refused = 0;
  for (int i = 0; i < 800; i++) {
    std::string changed = bytes;
    for (int k = 0; k < 3; k++) changed[random() % (8 + header)] = static_cast<char>(random());
    put(scratch.path / "f", changed);
    refused += !sentence_of([&] { read_safetensors(scratch.path / "f"); }).empty();
  }
  CHECK(refused > 600);
}

TEST_CASE("A full disk leaves the old file as it was") {
  Scratch scratch;
  const auto file = scratch.path / "f.safetensors";
  write_safetensors(file, {{"w", at::ones({3})}});
  struct rlimit before {};
  ::getrlimit(RLIMIT_FSIZE, &before);
  struct rlimit limit = before;
  limit.rlim_cur = 5000;
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &limit);
  auto sentence = sentence_of([&] { write_safetensors(file, {{"w", at::zeros({100, 100})}}); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(has(sentence, "as it was"));
  CHECK(at::equal(read_safetensors(file).tensors["w"], at::ones({3})));
  CHECK(std::distance(fs::directory_iterator(scratch.path), {}) == 1);
}
