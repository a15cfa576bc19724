// Basin's numbers for dtypes and devices, exceptions as statuses, and the sentence of a thread's last failure.
#include "abi/handles.hpp"

#include <limits>

#include "abi/memory.hpp"

namespace basin {
namespace {

std::string& sentence() {
  thread_local std::string text;
  return text;
}

}  // namespace

at::ScalarType scalar_type(int32_t dtype) {
  switch (dtype) {
    case BASIN_FLOAT32: return at::kFloat;
    case BASIN_FLOAT64: return at::kDouble;
    case BASIN_FLOAT16: return at::kHalf;
    case BASIN_BFLOAT16: return at::kBFloat16;
    case BASIN_INT8: return at::kChar;
    case BASIN_UINT8: return at::kByte;
    case BASIN_INT16: return at::kShort;
    case BASIN_INT32: return at::kInt;
    case BASIN_INT64: return at::kLong;
    case BASIN_BOOL: return at::kBool;
    case BASIN_FLOAT8_E4M3: return at::kFloat8_e4m3fn;
  }
  throw Error("A dtype is one of the numbers of basin/tensor.h, BASIN_FLOAT32 to BASIN_FLOAT8_E4M3, but " +
              std::to_string(dtype) + " was given.");
}

int32_t dtype_of(at::ScalarType type) {
  switch (type) {
    case at::kFloat: return BASIN_FLOAT32;
    case at::kDouble: return BASIN_FLOAT64;
    case at::kHalf: return BASIN_FLOAT16;
    case at::kBFloat16: return BASIN_BFLOAT16;
    case at::kChar: return BASIN_INT8;
    case at::kByte: return BASIN_UINT8;
    case at::kShort: return BASIN_INT16;
    case at::kInt: return BASIN_INT32;
    case at::kLong: return BASIN_INT64;
    case at::kBool: return BASIN_BOOL;
    case at::kFloat8_e4m3fn: return BASIN_FLOAT8_E4M3;
    default: return BASIN_OTHER_TYPE;
  }
}

at::Device device_of(int32_t device, int32_t index) {
  if (device == BASIN_CPU) return at::kCPU;
  if (device == BASIN_CUDA && index >= 0 && index <= std::numeric_limits<c10::DeviceIndex>::max())
    return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(index));
  if (device == BASIN_CUDA) throw Error("The index of a GPU is 0 to 127, but " + std::to_string(index) + " was given.");
  throw Error("A device is BASIN_CPU (1) or BASIN_CUDA (2), but " + std::to_string(device) + " was given.");
}

void set_last_error(const char* text) {
  std::string& last = sentence();
  if (text == last.c_str()) return;
  last = text ? text : "";
  while (!last.empty() && last.back() == '\n') last.pop_back();
}
const char* last_error() { return sentence().c_str(); }

basin_status caught() noexcept {
  try {
    throw;
  } catch (const Error& e) {
    set_last_error(e.what());
    return e.status;
  } catch (const std::exception& e) {
    if (const auto memory = out_of_memory(e)) {
      set_last_error(memory->c_str());
      return BASIN_ERROR_MEMORY;
    }
    const auto* engine = dynamic_cast<const c10::Error*>(&e);
    set_last_error(engine ? engine->what_without_backtrace() : e.what());
    return BASIN_ERROR_RUNTIME;
  } catch (...) {
    set_last_error("something was thrown that is no std::exception");
    return BASIN_ERROR_RUNTIME;
  }
}

}  // namespace basin
