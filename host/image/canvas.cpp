#include "image/canvas.hpp"

#include <utility>

namespace basin::image {

std::string ascii(const char* text) {
  static const std::pair<const char*, const char*> kSpelled[] = {
      {"α", "alpha"}, {"β", "beta"},  {"γ", "gamma"}, {"δ", "delta"}, {"ε", "eps"}, {"λ", "lambda"}, {"μ", "mu"},
      {"ρ", "rho"},   {"σ", "sigma"}, {"θ", "theta"}, {"×", "x"},     {"±", "+-"},  {"−", "-"},      {"–", "-"},
      {"→", "->"},    {"·", "."},     {"²", "^2"},    {"ᾱ", "alpha"}, {"≤", "<="},  {"≥", ">="}};
  std::string from = text ? text : "", to;
  for (std::size_t i = 0; i < from.size();) {
    if (static_cast<unsigned char>(from[i]) < 0x80) {
      to += from[i++];
      continue;
    }
    bool found = false;
    for (const auto& [letter, spelled] : kSpelled)
      if (from.compare(i, std::char_traits<char>::length(letter), letter) == 0) {
        to += spelled;
        i += std::char_traits<char>::length(letter);
        found = true;
        break;
      }
    if (!found) {
      to += '?';
      for (++i; i < from.size() && (static_cast<unsigned char>(from[i]) & 0xC0) == 0x80;) ++i;
    }
  }
  return to;
}

}  // namespace basin::image
