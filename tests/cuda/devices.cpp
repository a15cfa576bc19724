// What a device's word means, and what is said where no GPU can be used. With EXPECT_MISSING, a part of that sentence:
// CMakeLists.txt runs this beside a driver of straw.
#include "abi/cuda.hpp"

#include <cstdlib>

#include "abi/context.hpp"
#include "catch.hpp"

using namespace basin;

namespace {
std::string error_of(const std::string& word) {
  try {
    resolve_device(word);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}
}  // namespace

TEST_CASE("The CPU needs no GPU, and words that name no device are refused", "[devices]") {
  CHECK(resolve_device("cpu") == at::Device(at::kCPU));
  for (const char* word : {"gpu", "", "cuda:", "cuda:x", "cuda:-1", "cuda:1234", "CPU"})
    CHECK(error_of(word) ==
          "A device is 'auto', 'cpu', 'cuda' or 'cuda:N', but '" + std::string(word) + "' was given.");
}

TEST_CASE("A GPU that is not there: auto takes the CPU, cuda says why not", "[devices]") {
  const std::string missing = cuda_missing();
  if (const char* expected = std::getenv("EXPECT_MISSING")) {
    INFO(missing);
    CHECK(missing.find(expected) != missing.npos);
  }
  if (missing.empty()) {
    CHECK(resolve_device("auto").is_cuda());
    CHECK(cuda().size == sizeof(CudaTable));
    return;
  }
  CHECK(resolve_device("auto") == at::Device(at::kCPU));
  CHECK(error_of("cuda") == "The device 'cuda' was asked for, but " + missing +
                                "; 'auto' takes a GPU where there is one and else the CPU.");
  CHECK_THROWS_AS(cuda(), Error);
  synchronize(at::kCPU);
  const int64_t ids[] = {1};
  CHECK(draw(stream_of(0, BASIN_PURPOSE_SCRIPT), BASIN_NORMAL, ids, {4}, resolve_device("auto")).is_cpu());
}
