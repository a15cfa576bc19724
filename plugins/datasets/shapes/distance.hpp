// Signed distances of the eight shapes, in the shape's own frame: negative inside, 0 on the edge, unit radius, y up.
//
// Each is right near its edge, which is all that anti-aliasing asks for; far from it some are only bounds.
#pragma once
#include <algorithm>
#include <cmath>

namespace shapes {

constexpr const char* kinds[] = {"circle", "square", "triangle", "ring", "cross", "star", "heart", "moon"};
constexpr int n_kinds = 8;

struct Point {
  float x, y;
};

inline float length(Point p) { return std::sqrt(p.x * p.x + p.y * p.y); }
inline float circle(Point p, Point centre, float radius) { return length({p.x - centre.x, p.y - centre.y}) - radius; }

inline float box(Point p, float half_width, float half_height) {
  const float x = std::fabs(p.x) - half_width, y = std::fabs(p.y) - half_height;
  return length({std::max(x, 0.0f), std::max(y, 0.0f)}) + std::min(std::max(x, y), 0.0f);
}

// Three half-planes at distance 1/2 from the centre: corners on the unit circle.
inline float triangle(Point p) {
  constexpr float cos30 = 0.8660254f;
  return std::max(-p.y, 0.5f * p.y + cos30 * std::fabs(p.x)) - 0.5f;
}

// Five points on the unit circle, notches at 0.45. The plane is folded onto one tenth of the star, whose edge is a line.
inline float star(Point p) {
  constexpr float tenth = 3.14159265f / 5, inner = 0.45f;
  float angle = std::atan2(p.x, p.y);  // from the upper point
  angle -= 2 * tenth * std::round(angle / (2 * tenth));
  const float radius = length(p), x = radius * std::sin(std::fabs(angle)), y = radius * std::cos(angle);
  const float notch_x = inner * std::sin(tenth), notch_y = inner * std::cos(tenth);  // the edge: (0,1) to the notch
  const float edge_x = notch_x, edge_y = notch_y - 1;
  return (edge_x * (y - 1) - edge_y * x) / length({edge_x, edge_y});
}

// A square on its corner with a circle on each upper side.
inline float heart(Point p) {
  constexpr float half = 0.52f, diagonal = 0.70710678f;
  const Point q{std::fabs(p.x), p.y + 0.2f};
  const Point turned{diagonal * (q.x + q.y), diagonal * (q.y - q.x)};
  return std::min(box(turned, half, half), circle(q, {diagonal * half, diagonal * half}, half));
}

inline float distance(int kind, Point p) {
  switch (kind) {
    case 0: return length(p) - 0.9f;
    case 1: return box(p, 0.75f, 0.75f);
    case 2: return triangle({p.x, p.y + 0.15f});
    case 3: return std::fabs(length(p) - 0.7f) - 0.22f;
    case 4: return std::min(box(p, 0.9f, 0.3f), box(p, 0.3f, 0.9f));
    case 5: return star(p);
    case 6: return heart(p);
    default: return std::max(length(p) - 0.9f, -circle(p, {0.42f, 0.2f}, 0.72f));
  }
}

}  // namespace shapes
