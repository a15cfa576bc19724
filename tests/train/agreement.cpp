// Optimizers against independent implementations, on the same weights and gradients (optimizers.json, written by
// make_fixtures.py), and against themselves after a restart.
#include <fstream>

#include "support.hpp"

namespace {

using namespace test;
using nlohmann::json;

const json& fixtures() {
  static const json all = json::parse(std::ifstream(BASIN_TESTS "/train/optimizers.json"));
  return all;
}

Tensor numbers(const json& list) { return at::tensor(list.get<std::vector<double>>(), at::kDouble); }

Options options_of(const json& table) {
  Options out;
  for (const auto& [name, value] : table.items()) {
    if (value.is_boolean()) out.push_back({name, value.get<bool>()});
    else if (value.is_string()) out.push_back({name, value.get<std::string>()});
    else out.push_back({name, value.get<double>()});
  }
  return out;
}

// Values of all parameters, row-major, in the places that they have in the arena, and back.
Tensor to_arena(const basin::Parameters& parameters, const Tensor& flat) {
  Tensor out = at::empty_like(flat);
  for (const auto& p : parameters.list())
    out.as_strided(p.value.sizes(), p.value.strides(), p.offset)
        .copy_(flat.slice(0, p.offset, p.offset + p.numel).view(p.value.sizes()));
  return out;
}
Tensor from_arena(const basin::Parameters& parameters, const Tensor& arena) {
  std::vector<Tensor> parts;
  for (const auto& p : parameters.list())
    parts.push_back(arena.as_strided(p.value.sizes(), p.value.strides(), p.offset).reshape({-1}));
  return at::cat(parts).to(at::kDouble);
}

// The optimizer of a case on its weights, from gradient number `first` on.
std::unique_ptr<Workbench> bench_of(const json& test, at::MemoryFormat convolutions, int64_t first = 0) {
  const json& set = fixtures()["sets"][test["set"].get<std::string>()];
  Workbench::Shapes shapes;
  for (const auto& sizes : set["shapes"])
    shapes.push_back({"w" + std::to_string(shapes.size()), sizes.get<std::vector<int64_t>>()});
  const Tensor begin = numbers(set["begin"]);
  auto parameters = std::make_shared<basin::Parameters>();  // laid out as the workbench's, to order what goes in there
  for (const auto& [name, sizes] : shapes) parameters->add(name, sizes, {});
  parameters->lay_out(at::kCPU, convolutions);
  return std::make_unique<Workbench>(
      spec("optimizer", test["optimizer"], options_of(test["options"])), to_arena(*parameters, begin),
      [&set, parameters, first](const Tensor&, int64_t call) {
        return to_arena(*parameters, numbers(set["gradients"].at(static_cast<size_t>(first + call))));
      },
      shapes, convolutions);
}

}  // namespace

TEST_CASE("optimizers agree with independent implementations over several steps") {
  for (const json& test : fixtures()["cases"])
    for (auto layout : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
      const auto bench = bench_of(test, layout);
      const Tensor begin = from_arena(bench->parameters, bench->values());
      const auto stored = fixtures()["steps"].get<std::vector<int64_t>>();
      int64_t done = 0;
      for (size_t i = 0; i < stored.size(); ++i) {
        while (done < stored[i]) bench->step(), ++done;
        const Tensor expected = numbers(test["after"][i]), got = from_arena(bench->parameters, bench->values());
        const double off = (got - expected).abs().max().item<double>();
        const double moved = (expected - begin).abs().mean().item<double>();
        INFO(test["optimizer"] << " " << test["options"] << " by " << test["by"] << ", step " << done << ": off by "
                               << off << ", moved by " << moved);
        CHECK(off < 1e-6 + 1e-5 * moved);
        CHECK(moved > 1e-4);
      }
    }
}

TEST_CASE("a restart in between changes no bit of what an optimizer does") {
  for (const json& test : fixtures()["cases"]) {
    const auto layout = at::MemoryFormat::ChannelsLast;
    const auto whole = bench_of(test, layout);
    const auto first = bench_of(test, layout);
    for (int i = 0; i < 8; ++i) whole->step();
    for (int i = 0; i < 3; ++i) first->step();
    const auto second = bench_of(test, layout, 3);  // fresh weights and state; then the checkpoint's come in
    at::NoGradGuard no_grad;
    second->values().copy_(first->values());
    second->state.restore(first->state.save());
    for (int i = 0; i < 5; ++i) second->step();
    INFO(test["optimizer"] << " " << test["options"]);
    CHECK(same_bits(second->values(), whole->values()));
    CHECK(!same_bits(first->values(), whole->values()));
    // The state matters: without it the steps lead elsewhere.
    const auto forgetful = bench_of(test, layout, 3);
    forgetful->values().copy_(first->values());
    for (int i = 0; i < 5; ++i) forgetful->step();
    CHECK(!same_bits(forgetful->values(), whole->values()));
  }
}

TEST_CASE("muon orthogonalizes matrices, and leaves to AdamW what it is told to") {
  const Workbench::Shapes shapes = {{"hidden.weight", {4, 3}}, {"embedding", {2, 2}}, {"bias", {1}}};
  const double lr = 0.1, adam_lr = 0.25;
  const auto moved_by = [&](const std::string& adam_for) {
    const Options options = {{"lr", lr}, {"adam_lr", adam_lr}, {"adam_for", adam_for}};
    const auto gradient = [](const Tensor& w, int64_t) { return w * 3 + 1; };
    Workbench bench(spec("optimizer", "muon", options), some_values(41), gradient, shapes);
    bench.step();
    return (bench.values() - some_values(41)).to(at::kDouble);
  };
  const Tensor gradient = some_values(41).to(at::kDouble) * 3 + 1, moved = moved_by(" embed ,");
  // The matrix moves against U V^T of its gradient, whose singular values the iteration takes near 1.
  const auto [u, s, v] = at::linalg_svd(gradient.slice(0, 0, 12).view({4, 3}), false);
  const Tensor inside = u.t().mm(moved.slice(0, 0, 12).view({4, 3})).mm(v.t()) / (-lr * std::sqrt(4 / 3.0));
  CHECK((inside - inside.diagonal().diag()).abs().max().item<double>() < 1e-5);
  CHECK(inside.diagonal().min().item<double>() > 0.6);
  CHECK(inside.diagonal().max().item<double>() < 1.3);
  // AdamW's first step is its rate, against the gradient.
  CHECK((moved.slice(0, 12) + adam_lr * gradient.slice(0, 12).sign()).abs().max().item<double>() < 1e-5);
  // By default the embedding is a matrix like any other.
  CHECK((moved_by("") - moved).slice(0, 12, 16).abs().min().item<double>() > 1e-3);
  CHECK(says(refusal([&] { moved_by("embed,hiden"); }), {"'hiden'", "no other parameter"}));
}
