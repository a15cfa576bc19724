// Which steps a shorter sampling run keeps. The counting is guided-diffusion's, rounding included: an evenly spread
// step is the *accumulated* floating-point position, rounded half to even as Python rounds.
#include <charconv>
#include <set>

#include "abi/error.hpp"
#include "diffusion/process.hpp"

namespace basin {
namespace {

constexpr const char* forms =
    "a count (\"20\"), comma-separated counts (\"10,20\") or \"ddim\" and a count (\"ddim50\")";

int64_t parse_count(std::string_view text, const std::string& spec) {
  const size_t first = text.find_first_not_of(' '), last = text.find_last_not_of(' ');
  text = first == std::string_view::npos ? std::string_view{} : text.substr(first, last - first + 1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 1)
    throw Error("Respacing \"" + spec + "\" is not understood: give " + forms + ", counts at least 1.");
  return value;
}

}  // namespace

std::vector<int64_t> respace_by_stride(int64_t steps, int64_t count) {
  for (int64_t stride = 1; stride <= steps; ++stride) {
    if ((steps + stride - 1) / stride != count) continue;
    std::vector<int64_t> kept;
    for (int64_t t = 0; t < steps; t += stride) kept.push_back(t);
    return kept;
  }
  throw Error("no whole stride takes exactly " + std::to_string(count) + " of " + std::to_string(steps) +
              " steps; use spacing = \"even\" for an uneven spread");
}

std::vector<int64_t> respace(int64_t steps, const std::string& spec) {
  if (spec.rfind("ddim", 0) == 0) return respace_by_stride(steps, parse_count(std::string_view(spec).substr(4), spec));

  std::vector<int64_t> counts;
  for (size_t from = 0; from <= spec.size();) {
    const size_t comma = std::min(spec.find(',', from), spec.size());
    counts.push_back(parse_count(std::string_view(spec).substr(from, comma - from), spec));
    from = comma + 1;
  }
  const int64_t sections = static_cast<int64_t>(counts.size()), length = steps / sections, longer = steps % sections;
  std::set<int64_t> kept;
  int64_t start = 0;
  for (int64_t i = 0; i < sections; ++i) {
    const int64_t size = length + (i < longer ? 1 : 0), count = counts[i];
    if (count > size)
      throw Error("Respacing \"" + spec + "\" takes " + std::to_string(count) + " steps out of a section of " +
                  std::to_string(size) + " (" + std::to_string(steps) + " steps in all); ask for fewer.");
    const double stride = count <= 1 ? 1.0 : static_cast<double>(size - 1) / static_cast<double>(count - 1);
    double position = 0;
    for (int64_t k = 0; k < count; ++k) {
      kept.insert(start + static_cast<int64_t>(std::nearbyint(position)));  // half to even
      position += stride;
    }
    start += size;
  }
  return {kept.begin(), kept.end()};
}

}  // namespace basin
