local basin, toy = require "basin", require "toy"
local levels, shares = toy.levels, toy.shares

-- Losses of 1, 1, 2 and 4 a level: p is 1/8, 1/8, 2/8 and 4/8 once every level has its history, and uniform before.
local scale = { [0] = 1, 1, 2, 4 }
local schedule = basin.noise_schedule "loss_second_moment" { history = 10, uniform_prob = 0 }
local batches = levels("second-moment", schedule, 30, scale)
local before, after = shares(batches, 1, 1), shares(batches, 5, 30)  -- 64 a step: 10 of each level by the third step
for level = 0, 3 do
  assert(math.abs(before[level] - 0.25) < 0.2, before[level])
  assert(math.abs(after[level] - scale[level] / 8) < 0.06, ("level %d: %g"):format(level, after[level]))  -- 1664 draws
end

-- uniform_prob = 1 is uniform.
local flat = shares(levels("second-moment-flat", basin.noise_schedule "loss_second_moment" { uniform_prob = 1 }, 20, scale), 5, 20)
for level = 0, 3 do assert(math.abs(flat[level] - 0.25) < 0.07, flat[level]) end

local ok, message = pcall(function() return basin.noise_schedule "loss_second_moment" { uniform_prob = 2 } end)
assert(not ok and tostring(message):find "uniform_prob", message)
print "ok"
