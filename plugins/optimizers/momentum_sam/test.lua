local basin, toy = require "basin", require "toy"
local watched, distance, close, refused = toy.watched, toy.distance, toy.close, toy.refused
local adam = basin.optimizer "adam" { lr = 1e-2 }

-- One pass; at w in the first step, then at rho from it, along the step that SGD with momentum is about to take.
local momentum = basin.optimizer "sgd" { lr = 1e-3, momentum = 0.9 }
local seen, before, after = watched("msam-passes", 2, basin.optimizer("momentum_sam", { rho = 0.2, base = momentum }))
local _, _, first = watched("msam-first", 1, basin.optimizer("momentum_sam", { rho = 0.2, base = momentum }))
assert(#seen == 2 and distance(seen[1].weights, before) == 0)
close(distance(seen[2].weights, first), 0.2, 1e-4)
local along, length = 0, distance(first, before)
for name, w in pairs(first) do along = along + ((seen[2].weights[name] - w) * (w - before[name])):sum():item() end
close(along, 0.2 * length, 1e-3)  -- the first step went along -v
assert(distance(after, first) > 0)

-- It learns.
local _, _, _, losses = watched("momentum_sam-learns", 60, basin.optimizer("momentum_sam", { rho = 0.05, base = basin.optimizer "adam" { lr = 3e-3 } }))
assert(losses[60] < 0.9 * losses[1], losses[60])

-- A radius at which the training does not start is said after 300 steps, and whoever follows the advice comes to one at which
-- it does: at such radii the losses are chaotic, and two looks at w are few.
local rho, share, advice = 10, nil, nil
for try = 1, 5 do
  share, advice = toy.started("momentum_sam-" .. try, basin.optimizer("momentum_sam", { rho = rho, base = basin.optimizer "adam" { lr = 3e-3 } }))
  assert(try > 1 or advice, "nothing was said")
  if not advice then break end
  assert(advice < 0.6 * rho, advice)
  rho = advice
end
assert(share < 0.9 and not advice, share)

refused("beta", function() return basin.optimizer "momentum_sam" { beta = 1, base = adam } end)
print "ok"
