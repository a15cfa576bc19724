// State: asked for, saved, restored before and after it was asked for.
#include "abi/state.hpp"

#include "support.hpp"

static const basin_state_interface& states() { return table<basin_state_interface>(BASIN_STATE_INTERFACE); }

static Handle ask(basin_state& state, const char* name, std::vector<int64_t> sizes, int32_t dtype = BASIN_FLOAT32) {
  Handle out;
  ok(states().tensor(&state, name, sizes.data(), static_cast<uint32_t>(sizes.size()), dtype, &out));
  return out;
}

TEST_CASE("state begins as zeros and is the same tensor when asked again") {
  basin_state state;
  Handle m = ask(state, "m", {3});
  CHECK(at::equal(m.tensor(), at::zeros({3})));
  m.tensor().fill_(2);
  CHECK(ask(state, "m", {3}).tensor().is_same(m.tensor()));
  Handle wrong;
  const int64_t sizes[] = {4};
  CHECK(states().tensor(&state, "m", sizes, 1, BASIN_FLOAT32, &wrong) == BASIN_ERROR_ARGUMENT);
  CHECK(says("'m'"));
  const int64_t three[] = {3};
  CHECK(states().tensor(&state, "m", three, 1, BASIN_FLOAT64, &wrong) == BASIN_ERROR_ARGUMENT);
  ask(state, "steps", {}, BASIN_INT64);
}

TEST_CASE("state survives a restart, whatever the order of asking") {
  basin_state first;
  ask(first.child("base"), "m", {2}).tensor().fill_(1);
  ask(first.child("base"), "layer.0.v", {2}).tensor().fill_(2);  // dots are allowed in names
  ask(first, "steps", {}, BASIN_INT64).tensor().fill_(7);
  const auto saved = first.save();
  REQUIRE(saved.size() == 3);
  CHECK(saved.count("base.layer.0.v") == 1);
  CHECK(saved.at("base.m").data_ptr() == ask(first.child("base"), "m", {2}).tensor().data_ptr());

  SECTION("restored before anything is asked for") {
    basin_state second;
    second.restore(saved);
    CHECK(second.save().size() == 3);  // a checkpoint now loses nothing
    CHECK(ask(second, "steps", {}, BASIN_INT64).tensor().item<int64_t>() == 7);
    CHECK(ask(second.child("base"), "layer.0.v", {2}).tensor()[1].item<float>() == 2);
    CHECK(second.save().size() == 3);
    ask(second.child("base"), "m", {2}).tensor().fill_(9);
    CHECK(first.save().at("base.m")[0].item<float>() == 1);  // a copy
  }
  SECTION("restored into tensors that exist, in place") {
    basin_state second;
    Handle m = ask(second.child("base"), "m", {2});
    second.restore(saved);
    CHECK(at::equal(m.tensor(), at::ones({2})));
    CHECK(ask(second.child("base"), "layer.0.v", {2}).tensor()[0].item<float>() == 2);
  }
  SECTION("of another size: refused by name") {
    basin_state second;
    second.restore(saved);
    Handle out;
    const int64_t sizes[] = {5};
    CHECK(states().tensor(&second.child("base"), "m", sizes, 1, BASIN_FLOAT32, &out) == BASIN_ERROR_ARGUMENT);
    CHECK(says("'m'"));
    basin_state third;
    ask(third.child("base"), "m", {5});
    CHECK_THROWS_AS(third.restore(saved), basin::Error);
  }
}
