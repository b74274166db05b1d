gadget { 'no slash': }
