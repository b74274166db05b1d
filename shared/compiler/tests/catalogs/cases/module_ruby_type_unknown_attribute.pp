widget { 'w': weight => 1 }
