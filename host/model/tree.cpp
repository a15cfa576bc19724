// print(model): its layers as a tree by the dots of their names, each with what it does and how many parameters it has.
// Neighbours that are alike in everything but their number share one entry.
#include <algorithm>
#include <set>

#include "model/model.hpp"

namespace basin {
namespace {

std::string grouped(int64_t value) {  // 57,094,662
  const std::string digits = std::to_string(value);
  std::string out;
  for (size_t i = 0; i < digits.size(); i++) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string shape_text(at::IntArrayRef sizes) {
  std::string out = "[";
  for (size_t i = 0; i < sizes.size(); i++) out += (i ? "," : "") + (sizes[i] < 0 ? "any" : std::to_string(sizes[i]));
  return out + "]";
}

std::string activation_text(int32_t activation) {
  return activation == BASIN_ACTIVATION_SILU ? "silu" : activation == BASIN_ACTIVATION_RELU ? "relu" : "";
}

std::string layer_text(const basin_layer_spec& s) {
  const std::string channels = std::to_string(s.in) + " -> " + std::to_string(s.out);
  switch (s.kind) {
    case BASIN_LAYER_LINEAR: return "linear " + channels;
    case BASIN_LAYER_CONV: {
      const std::string k = std::to_string(s.kernel);
      return "conv " + k + "x" + k + " " + channels + (s.stride > 1 ? ", stride " + std::to_string(s.stride) : "") +
             (s.groups > 1 ? ", " + std::to_string(s.groups) + " groups" : "");
    }
    case BASIN_LAYER_NORM: {
      const std::string after = activation_text(s.activation);
      return "norm " + std::to_string(s.in) + ", " + std::to_string(s.groups > 0 ? s.groups : 32) +
             (s.groups == 1 ? " group" : " groups") + (after.empty() ? "" : ", " + after);
    }
    case BASIN_LAYER_EMBEDDING: return "embedding " + std::to_string(s.in) + " x " + std::to_string(s.out);
    case BASIN_LAYER_ATTENTION: return "attention, " + std::to_string(s.heads) + (s.heads == 1 ? " head" : " heads");
    case BASIN_LAYER_CONCAT: return "concat";
    case BASIN_LAYER_RESAMPLE: return s.mode == BASIN_RESAMPLE_UP ? "nearest x2" : "average 2x2";
    case BASIN_LAYER_DROPOUT: return "dropout " + to_text(s.probability);
    case BASIN_LAYER_ACTIVATION: return activation_text(s.activation);
    default: return "layer";
  }
}

struct Node {
  std::string name, text;  // text: what it is, for a layer or a parameter of its own
  int64_t count = 0;       // parameters, with those below
  std::vector<Node> children;

  Node& child(const std::string& part) {
    for (auto& node : children)
      if (node.name == part) return node;
    children.push_back({part, "", 0, {}});
    return children.back();
  }
};

void insert(Node& root, const std::string& name, const std::string& text, int64_t count) {
  Node* node = &root;
  node->count += count;
  for (size_t at = 0; at <= name.size();) {
    size_t dot = std::min(name.find('.', at), name.size());
    node = &node->child(name.substr(at, dot - at));
    node->count += count;
    at = dot + 1;
  }
  node->text += (node->text.empty() ? "" : "; ") + text;
}

bool is_number(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string likeness(const Node& node) {  // everything but its own name
  std::string out = node.text + "|" + std::to_string(node.count) + "(";
  for (const auto& child : node.children) out += child.name + "=" + likeness(child) + ";";
  return out + ")";
}

// Names a folder of leaves together with them, and a single child together with its parent: "in_layers.2", so that the
// depth of the tree is that of the model's own parts.
void flatten(Node& node) {
  std::vector<Node> out;
  for (auto& child : node.children) {
    flatten(child);
    const auto& below = child.children;
    const bool leaves = !is_number(child.name) && below.size() <= 3 &&
                        std::all_of(below.begin(), below.end(), [](const Node& n) { return n.children.empty(); }) &&
                        !(below.size() > 1 && likeness(below[0]) == likeness(below[1]));
    if (child.text.empty() && (leaves || child.children.size() == 1)) {
      for (auto& inner : child.children) {
        inner.name = child.name + "." + inner.name;
        out.push_back(std::move(inner));
      }
    } else {
      out.push_back(std::move(child));
    }
  }
  node.children = std::move(out);
}

std::pair<std::string, std::string> split(const std::string& name) {  // "1.0" -> "1", ".0"
  const size_t dot = std::min(name.find('.'), name.size());
  return {name.substr(0, dot), name.substr(dot)};
}

struct Line {
  std::string left, text, count;
  size_t width = 0;  // columns of left
};

void draw(const Node& node, const std::string& prefix, std::vector<Line>& lines) {
  for (size_t i = 0; i < node.children.size();) {
    const Node& child = node.children[i];
    size_t end = i + 1;
    const auto [number, rest] = split(child.name);
    while (is_number(number) && end < node.children.size()) {
      const auto [next, same] = split(node.children[end].name);
      if (!is_number(next) || same != rest || likeness(node.children[end]) != likeness(child)) break;
      end++;
    }
    const bool last = end == node.children.size();
    const bool several = end > i + 1;
    const std::string name = several ? number + "-" + split(node.children[end - 1].name).first + rest : child.name;
    Line line{prefix + (last ? "└─ " : "├─ ") + name, child.text,
              (several ? std::to_string(end - i) + " x " : "") + (child.count > 0 ? grouped(child.count) : "")};
    for (unsigned char c : line.left) line.width += (c & 0xC0) != 0x80;
    if (several && child.count == 0) line.count.clear();
    lines.push_back(line);
    draw(child, prefix + (last ? "   " : "│  "), lines);
    i = end;
  }
}

std::string ports_text(const std::vector<Port>& ports) {
  std::string out;
  for (const auto& port : ports)
    out += (out.empty() ? "" : ", ") + port.name + (port.sizes.empty() ? "" : " " + shape_text(port.sizes));
  return out;
}

}  // namespace

std::string Model::tree() const {
  const auto& parameters = layers_->parameters;
  Node root;
  std::set<std::string> of_layers;
  for (const auto& layer : layers_->layers) {
    int64_t count = 0;
    for (const char* part : {".weight", ".bias"})
      if (const auto* p = parameters.find(layer->name + part)) {
        count += p->value.numel();
        of_layers.insert(p->name);
      }
    insert(root, layer->name, layer_text(layer->spec), count);
  }
  for (const auto& p : parameters.list())
    if (!of_layers.count(p.name)) insert(root, p.name, "parameter " + shape_text(p.value.sizes()), p.value.numel());

  flatten(root);
  std::vector<Line> lines;
  draw(root, "", lines);
  size_t left = 0, text = 0, count = 0;
  for (const auto& line : lines) {
    left = std::max(left, line.width);
    text = std::max(text, line.text.size());
    count = std::max(count, line.count.size());
  }
  std::string out = spec().component->name + ": " + ports_text(inputs_) + " -> " + ports_text(outputs_) + "\n";
  for (const auto& line : lines) {
    std::string row = line.left;
    row.append(left - line.width + 2, ' ').append(line.text);
    if (!line.count.empty())
      row.append(text - line.text.size() + 2 + count - line.count.size(), ' ').append(line.count);
    while (row.ends_with(' ')) row.pop_back();
    out += row + "\n";
  }
  return out + grouped(parameters.count_values()) + " parameters in " +
         grouped(static_cast<int64_t>(parameters.list().size())) +
         (parameters.list().size() == 1 ? " tensor" : " tensors");
}

}  // namespace basin
