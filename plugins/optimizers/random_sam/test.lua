local basin, toy = require "basin", require "toy"
local watched, distance, close, refused = toy.watched, toy.distance, toy.close, toy.refused
local still, adam = basin.optimizer "sgd" { lr = 0 }, basin.optimizer "adam" { lr = 1e-2 }

-- One pass, at rho from w, elsewhere in each step; the same from the same seed.
local function far(name) return watched(name, 3, basin.optimizer("random_sam", { rho = 0.5, base = still })) end
local seen, before, after = far "random-sam-passes"
local again = far "random-sam-again"
assert(#seen == 3 and distance(after, before) == 0)
for i = 1, 3 do
  close(distance(seen[i].weights, before), 0.5, 1e-4)
  assert(distance(seen[i].weights, again[i].weights) == 0)
end
assert(distance(seen[1].weights, seen[2].weights) > 0.5)

-- Around the base of a sam: both gradients are found beyond the same random point.
seen = watched("random-sam-within", 1, basin.optimizer("sam", { rho = 0.1, base = basin.optimizer("random_sam", { rho = 0.5, base = still }) }))
assert(#seen == 2)
close(distance(seen[1].weights, before), 0.5, 1e-4)
close(distance(seen[2].weights, seen[1].weights), 0.1, 1e-4)

-- Around a base that cuts the batch it looks at w (in step 11) with the part that the gradient is of.
local parts = basin.optimizer("lpf_sgd", { draws = 4, base = still })
seen = watched("random-sam-parts", 11, basin.optimizer("random_sam", { base = parts }))
assert(#seen == 48)
for _, run in ipairs(seen) do assert(run.images == 2) end

-- It learns.
local _, _, _, losses = watched("random_sam-learns", 60, basin.optimizer("random_sam", { base = basin.optimizer "adam" { lr = 3e-3 } }))
assert(losses[60] < 0.9 * losses[1], losses[60])

-- A radius at which the training does not start is said after 300 steps, with one at which it does.
local function random(rho) return basin.optimizer("random_sam", { rho = rho, base = basin.optimizer "adam" { lr = 3e-3 } }) end
local _, advice = toy.started("random_sam-stuck", random(500))
assert(advice and advice < 100, advice)
local share, none = toy.started("random_sam-started", random(advice))
assert(share < 0.5 and not none, share)

refused("rho", function() return basin.optimizer "random_sam" { rho = -1, base = adam } end)
print "ok"
