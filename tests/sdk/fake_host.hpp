// A host of a few functions, in plain C++: enough to see what the SDK's C++ layer asks of one.
#pragma once
#include <basin/basin.hpp>
#include <map>

struct basin_options {
  std::map<std::string, double> numbers;
  std::map<std::string, std::string> strings;
  std::map<std::string, std::vector<int64_t>> integers;
};

namespace fake {

inline std::string sentence;

inline const basin_options_interface& options() {
  static const basin_options_interface table = [] {
    basin_options_interface t{};
    t.size = sizeof t;
    t.boolean = [](const basin_options* o, const char* name, int32_t* out) -> basin_status {
      return *out = o->numbers.at(name) != 0, BASIN_OK;
    };
    t.integer = [](const basin_options* o, const char* name, int64_t* out) -> basin_status {
      return *out = static_cast<int64_t>(o->numbers.at(name)), BASIN_OK;
    };
    t.number = [](const basin_options* o, const char* name, double* out) -> basin_status {
      if (!o->numbers.count(name)) return sentence = std::string("no option ") + name, BASIN_ERROR_NOT_FOUND;
      return *out = o->numbers.at(name), BASIN_OK;
    };
    t.string = [](const basin_options* o, const char* name, const char** out) -> basin_status {
      return *out = o->strings.at(name).c_str(), BASIN_OK;
    };
    t.integers = [](const basin_options* o, const char* name, const int64_t** out, uint32_t* n) -> basin_status {
      const auto& list = o->integers.at(name);
      return *out = list.data(), *n = static_cast<uint32_t>(list.size()), BASIN_OK;
    };
    return t;
  }();
  return table;
}

inline std::map<std::string, const void*> interfaces{{BASIN_OPTIONS_INTERFACE, &options()}};

inline const basin_host& host() {
  static const basin_host h{sizeof(basin_host), BASIN_ABI_MAJOR,
                            [](const basin_host*, const char* id) -> const void* {
                              const auto found = interfaces.find(id);
                              return found == interfaces.end() ? nullptr : found->second;
                            },
                            [] { return sentence.c_str(); }, [](const char* s) { sentence = s; }};
  return h;
}

}  // namespace fake
