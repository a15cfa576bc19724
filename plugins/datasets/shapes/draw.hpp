// One picture: a shape with a soft shadow on a gradient, from 16 uniform numbers.
//
// Everything is placed in the square [-1, 1] x [-1, 1], so a picture is the same at every size. Colours are mixed in
// OKLCH (Ottosson 2020), where equal steps of lightness and hue look equal: the shape always stands out.
#pragma once
#include <cstdint>

#include "distance.hpp"

namespace shapes {

constexpr int n_random = 16;

struct Colour {
  float r, g, b;  // sRGB, 0 to 1; outside where the screen cannot show it
};

inline float encode(float linear) {
  return linear <= 0.0031308f ? 12.92f * linear : 1.055f * std::pow(linear, 1 / 2.4f) - 0.055f;
}

// lightness 0 to 1, chroma 0 to about 0.3, hue in turns
inline Colour oklch(float lightness, float chroma, float hue) {
  const float a = chroma * std::cos(6.2831853f * hue), b = chroma * std::sin(6.2831853f * hue);
  const float l = lightness + 0.3963377774f * a + 0.2158037573f * b;
  const float m = lightness - 0.1055613458f * a - 0.0638541728f * b;
  const float s = lightness - 0.0894841775f * a - 1.2914855480f * b;
  const float l3 = l * l * l, m3 = m * m * m, s3 = s * s * s;
  return {encode(4.0767416621f * l3 - 3.3077115913f * m3 + 0.2309699292f * s3),
          encode(-1.2684380046f * l3 + 2.6097574011f * m3 - 0.3413193965f * s3),
          encode(-0.0041960863f * l3 - 0.7034186147f * m3 + 1.7076147010f * s3)};
}

inline Colour mix(Colour a, Colour b, float t) {
  return {a.r + t * (b.r - a.r), a.g + t * (b.g - a.g), a.b + t * (b.b - a.b)};
}

inline float smoothstep(float low, float high, float x) {
  const float t = std::clamp((x - low) / (high - low), 0.0f, 1.0f);
  return t * t * (3 - 2 * t);
}

inline uint8_t to_byte(float x) { return static_cast<uint8_t>(std::clamp(x, 0.0f, 1.0f) * 255 + 0.5f); }

// u: n_random uniform numbers in [0, 1); u[0] chooses the kind among the first `classes`.
inline int kind_of(const float* u, int64_t classes) {
  return std::min(static_cast<int>(u[0] * static_cast<float>(classes)), static_cast<int>(classes) - 1);
}

// pixels: planar [3,size,size]
inline void draw(const float* u, int64_t classes, int64_t size, uint8_t* pixels) {
  const int kind = kind_of(u, classes);
  const float radius = 0.5f + 0.22f * u[1];
  const float room = 0.9f - radius;  // the whole shape stays inside
  const Point centre{room * (2 * u[2] - 1), room * (2 * u[3] - 1)};
  const float turn = 0.7f * (u[4] - 0.5f);  // about 20 degrees to each side
  const float cosine = std::cos(turn) / radius, sine = std::sin(turn) / radius;

  const float hue = u[5], other_hue = hue + 0.33f + 0.34f * u[6];
  const bool night = u[7] < 0.4f;
  const float ground = night ? 0.26f + 0.1f * u[8] : 0.82f + 0.12f * u[8];
  const Colour ground_top = oklch(ground, 0.05f + 0.04f * u[9], other_hue);
  const Colour ground_bottom =
      oklch(ground + (night ? 0.14f : -0.12f), 0.07f + 0.04f * u[9], other_hue + 0.1f * (u[10] - 0.5f));
  const float lightness = night ? 0.74f : 0.6f, chroma = 0.15f + 0.07f * u[11];
  const Colour light = oklch(lightness + 0.06f, chroma, hue),
               dark = oklch(lightness - 0.1f, chroma, hue + 0.05f * (u[12] - 0.5f));
  const float slant = 1.2f * (u[13] - 0.5f), shadow_strength = night ? 0.5f : 0.3f;

  const float pixel = 2 / static_cast<float>(size), edge = 0.7f * pixel / radius;
  const int64_t plane = size * size;
  for (int64_t row = 0; row < size; ++row)
    for (int64_t column = 0; column < size; ++column) {
      const float x = (static_cast<float>(column) + 0.5f) * pixel - 1, y = 1 - (static_cast<float>(row) + 0.5f) * pixel;
      Colour colour = mix(ground_bottom, ground_top, 0.5f + 0.5f * std::clamp(y + slant * x, -1.0f, 1.0f));
      const auto at = [&](float dx, float dy) {  // into the shape's frame
        const float px = x - centre.x + dx, py = y - centre.y + dy;
        return Point{cosine * px + sine * py, cosine * py - sine * px};
      };
      const Point p = at(0, 0);
      if (p.x * p.x + p.y * p.y < 2.6f) {  // the shape and its shadow end here
        const float shadow = shadow_strength * (1 - smoothstep(-0.15f, 0.25f, distance(kind, at(-0.06f, 0.09f))));
        const float cover = 1 - smoothstep(-edge, edge, distance(kind, p));
        colour = mix(colour, {0, 0, 0}, shadow);
        colour = mix(colour, mix(dark, light, 0.5f + 0.5f * std::clamp(p.y - 0.4f * p.x, -1.0f, 1.0f)), cover);
      }
      uint8_t* out = pixels + row * size + column;
      out[0] = to_byte(colour.r);
      out[plane] = to_byte(colour.g);
      out[2 * plane] = to_byte(colour.b);
    }
}

}  // namespace shapes
