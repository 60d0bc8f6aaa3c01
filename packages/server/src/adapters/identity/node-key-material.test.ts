import { keyMaterialContract } from '../../ports/key-material.contract.ts';
import { createNodeKeyMaterial } from './node-key-material.ts';

keyMaterialContract({ name: "Node's", make: createNodeKeyMaterial });
