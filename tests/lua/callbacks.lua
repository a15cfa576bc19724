-- on_step and on_epoch hear every step and every pass over the data; on_sample every batch (written.lua).
local basin = require "basin"
local toy = require "toy"

local steps, epochs, losses = {}, {}, {}
basin.run { name = "callbacks", device = "cpu" }:train {
  model = toy.tiny(), data = basin.dataset "gaussian" { count = 20, size = 8 }, process = toy.process, steps = 12, batch = 8,
  optimizer = basin.optimizer "adam",
  on_step = function(at) steps[#steps + 1] = at.step losses[#losses + 1] = at.loss end,
  on_epoch = function(at) epochs[#epochs + 1] = at end,
}
assert(#steps == 12 and steps[12] == 12)
-- 20 items, 8 a step: passes end in the steps 3, 5, 8 and 10.
assert(#epochs == 4)
for i, step in ipairs { 3, 5, 8, 10 } do assert(epochs[i].epoch == i and epochs[i].step == step and epochs[i].steps == 12) end
toy.close(epochs[2].loss, (losses[4] + losses[5]) / 2, 1e-9)
toy.close(epochs[1].loss, (losses[1] + losses[2] + losses[3]) / 3, 1e-9)
